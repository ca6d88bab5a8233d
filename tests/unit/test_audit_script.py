"""`make audit`: vulnerabilities fail it, a missing network or tool does not."""

from __future__ import annotations

import importlib.util
import json
import subprocess
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

PACKAGES = [
    {"name": "pillow", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]},
    {"name": "numpy", "version": "2.4.6", "vulns": []},
]


@pytest.fixture
def audit(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    path = Path(__file__).resolve().parents[2] / "scripts" / "audit.py"
    spec = importlib.util.spec_from_file_location("audit_script", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "find_spec", lambda name: spec)
    return module


def answer(monkeypatch: pytest.MonkeyPatch, stdout: str, stderr: str = "") -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: SimpleNamespace(stdout=stdout, stderr=stderr))


@pytest.mark.parametrize(("packages", "status"), [(PACKAGES, 1), (PACKAGES[1:], 0)])
def test_audit_known_vulnerability_fails(audit: ModuleType, monkeypatch, capsys, packages, status):
    answer(monkeypatch, json.dumps({"dependencies": packages}))
    assert audit.main([]) == status
    shown = capsys.readouterr().out
    assert ("pillow 1.0: PYSEC-1, fixed in 1.1." in shown) == bool(status)
    assert f"{len(packages)} packages of requirements" in shown


def test_audit_without_network_is_a_sentence_and_no_failure(audit: ModuleType, monkeypatch, capsys):
    answer(monkeypatch, "", "Traceback ...\nConnectionError: Failed to reach the service.")
    assert audit.main([]) == 0
    assert "Nothing was audited: ConnectionError: Failed to reach the service." in capsys.readouterr().out


def test_audit_without_pip_audit_says_how_to_install_it(audit: ModuleType, monkeypatch, capsys):
    monkeypatch.setattr(audit, "find_spec", lambda name: None)
    assert audit.main([]) == 0
    assert "pip install -e '.[audit]'" in capsys.readouterr().out
