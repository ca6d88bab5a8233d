"""Hashes of passwords (scrypt). `python -m pages.access.password` asks for one and prints the line for the secrets."""

from __future__ import annotations

import base64
import binascii
import getpass
import hashlib
import hmac
import secrets

SCHEME = "scrypt"
N, R, P = 2**14, 8, 5  # 16 MB and about 0.1 s a password
MAX_N, MAX_R, MAX_P = 2**17, 16, 16  # of a stored hash; more would let one sign-in take the machine
SALT_BYTES, HASH_BYTES = 16, 32
MAX_CHARACTERS = 1000
MIN_CHARACTERS = 10


def hashed(password: str) -> str:
    """`scrypt$n$r$p$salt$hash`, salt and hash in base64.

    Example:
        >>> is_right("correct horse", hashed("correct horse")), is_right("other horse", hashed("correct horse"))
        (True, False)
    """
    salt = secrets.token_bytes(SALT_BYTES)
    digest = _scrypt(password, salt, N, R, P, HASH_BYTES)
    return "$".join([SCHEME, str(N), str(R), str(P), _encode(salt), _encode(digest)])


def is_right(password: str, stored: str) -> bool:
    """Whether the password has this hash, compared in constant time; False for what is no hash."""
    try:
        scheme, n, r, p, salt, digest = stored.split("$")
        numbers = int(n), int(r), int(p)
        expected = base64.b64decode(digest, validate=True)
        is_hash = scheme == SCHEME and all(
            0 < number <= most for number, most in zip(numbers, (MAX_N, MAX_R, MAX_P), strict=True)
        )
        if not is_hash or len(expected) < SALT_BYTES or len(password) > MAX_CHARACTERS:
            return False
        return hmac.compare_digest(
            _scrypt(password, base64.b64decode(salt, validate=True), *numbers, len(expected)), expected
        )
    except (ValueError, binascii.Error):
        return False


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int, length: int) -> bytes:
    return hashlib.scrypt(
        password.encode("utf-8", "replace"), salt=salt, n=n, r=r, p=p, dklen=length, maxmem=2 * 128 * n * r + 2**20
    )


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def main() -> None:
    password = getpass.getpass("Password: ")
    if not MIN_CHARACTERS <= len(password) <= MAX_CHARACTERS:
        raise SystemExit(f"A password has {MIN_CHARACTERS} to {MAX_CHARACTERS} characters. Choose a longer one.")
    if getpass.getpass("Once more: ") != password:
        raise SystemExit("The two were not the same. Start again.")
    print(f'password = "{hashed(password)}"')


if __name__ == "__main__":
    main()
