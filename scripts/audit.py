"""Known vulnerabilities of the pinned packages, by pip-audit: `make audit`.

    python scripts/audit.py                      # requirements.lock where there is one, else requirements.txt
    python scripts/audit.py requirements.txt

Needs the `audit` extra and the network. Where one of them is missing that is said in a sentence, and the exit status
is 0: it is 1 only where a vulnerability is known.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LISTS = ("requirements.lock", "requirements.txt")
TIMEOUT_SECONDS = 600


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = next(path for path in (ROOT / name for name in LISTS) if path.is_file())
    parser.add_argument("list", type=Path, nargs="?", default=default, help="of pinned packages (%(default)s)")
    path: Path = parser.parse_args(arguments).list
    if find_spec("pip_audit") is None:
        print("Nothing was audited: pip-audit is not installed. Install it with: pip install -e '.[audit]'.")
        return 0
    packages = audited(path)
    if isinstance(packages, str):
        print(f"Nothing was audited: {packages}. Try again where the network allows it.")
        return 0
    found = [(package, vulnerability) for package in packages for vulnerability in package.get("vulns", [])]
    for package, vulnerability in found:
        fixed = ", ".join(vulnerability.get("fix_versions", [])) or "no version yet"
        print(f"{package['name']} {package['version']}: {vulnerability['id']}, fixed in {fixed}.")
    print(f"{len(packages)} packages of {path.name}, {len(found)} known vulnerabilities.")
    return bool(found)


def audited(path: Path) -> list[dict[str, Any]] | str:
    """The packages of a list as pip-audit's JSON has them; or, where that failed, its last line."""
    command = [sys.executable, "-m", "pip_audit", "--format", "json", "--progress-spinner", "off"]
    command += ["--disable-pip", "--no-deps", "-r", str(path)]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"pip-audit did not end within {TIMEOUT_SECONDS} s"
    try:
        packages: list[dict[str, Any]] = json.loads(result.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return (result.stderr.strip().splitlines() or ["pip-audit gave no result"])[-1].rstrip(".")[:200]
    return packages


if __name__ == "__main__":
    sys.exit(main())
