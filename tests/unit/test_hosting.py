"""The files for hosting: what the image is made of, locked packages, and the rules that they keep."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def pins(path: Path) -> dict[str, str]:
    """Name and version of each pinned package."""
    return dict(re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", path.read_text(encoding="utf-8"), re.MULTILINE))


def stages() -> dict[str, list[str]]:
    """The instructions of each stage of the Dockerfile, continuation lines joined."""
    found: dict[str, list[str]] = {}
    for line in re.sub(r"\\\n\s*", "", DOCKERFILE).splitlines():
        if match := re.fullmatch(r"FROM (\S+) AS (\S+)", line):
            found[match[2]] = [line]
        elif found and line and not line.startswith("#"):
            found[list(found)[-1]].append(line)
    return found


def test_dockerfile_has_both_images_and_the_full_one_is_the_default():
    assert list(stages()) == ["build-reading", "build-full", "base", "reading", "full"]


@pytest.mark.parametrize("image", ["reading", "full"])
def test_dockerfile_image_runs_as_a_user_without_rights(image: str):
    users = [line for line in stages()[image] if line.startswith("USER ")]
    assert users == ["USER 10001:10001"]
    assert stages()[image][-1] == users[0]


def test_dockerfile_base_is_pinned_and_nothing_is_fetched_by_address():
    assert re.search(r"^ARG PYTHON_IMAGE=python:3\.\d+\.\d+-slim-\w+$", DOCKERFILE, re.MULTILINE)
    assert not re.search(r"^ADD |https?://(?!127\.0\.0\.1)|curl|wget|:latest", DOCKERFILE, re.MULTILINE)
    assert DOCKERFILE.count("--require-hashes") == 2


def test_dockerfile_base_has_a_volume_and_a_health_check():
    base = "\n".join(stages()["base"])
    assert "VOLUME /data" in base
    assert re.search(r"HEALTHCHECK .*_stcore/health", base)
    assert "HWR_MODE=demo" in base


def test_dockerfile_copies_only_what_dockerignore_lets_in():
    allowed = {
        line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line.startswith("!")
    }
    copied = re.findall(r"^COPY (?!--from)(?:--\S+ )*(.+) \S+$", DOCKERFILE, re.MULTILINE)
    sources = {name for names in copied for name in names.split()}
    assert sources == allowed
    assert all((ROOT / name).exists() for name in sources)


@pytest.mark.parametrize("name", ["requirements", "requirements-reading"])
def test_lock_has_every_pin_with_a_hash(name: str):
    locked, wanted = pins(ROOT / f"{name}.lock"), pins(ROOT / f"{name}.txt")
    assert {package: locked.get(package) for package in wanted} == wanted
    blocks = re.split(r"\n(?=[a-z0-9])", (ROOT / f"{name}.lock").read_text(encoding="utf-8"))
    without = [block.split()[0] for block in blocks if "==" in block.split()[0] and "--hash=sha256:" not in block]
    assert without == []


def test_reading_packages_are_those_of_everything_without_tensorflow():
    reading, everything = pins(ROOT / "requirements-reading.txt"), pins(ROOT / "requirements.txt")
    assert reading.items() <= everything.items()
    assert not {"tensorflow", "tensorflow-cpu", "keras"} & set(pins(ROOT / "requirements-reading.lock"))


def test_service_is_confined():
    service = (ROOT / "deploy" / "handwriting-studio.service").read_text(encoding="utf-8")
    for setting in ("NoNewPrivileges=yes", "ProtectSystem=strict", "StateDirectory=", "User=studio", "MemoryMax="):
        assert setting in service


def test_compose_studio_is_read_only_and_reached_through_the_proxy_only():
    studio, _, proxy = (ROOT / "compose.yaml").read_text(encoding="utf-8").partition("\n  proxy:\n")
    assert "read_only: true" in studio
    assert "cap_drop: [ALL]" in studio
    assert "ports:" not in studio
    assert '"443:443"' in proxy
