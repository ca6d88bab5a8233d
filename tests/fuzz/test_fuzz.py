"""The small form of `make fuzz`: every failure that was ever found, and some hundred new inputs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))
import fuzz
import inputs
from targets import TARGETS, Target

from hwr_core.errors import DataError

pytestmark = pytest.mark.filterwarnings("ignore:::PIL")
SMALL = 400  # inputs, shared out among the targets


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HWR_HOME", str(tmp_path))
    monkeypatch.setenv("HWR_EXAMPLES", "")
    return tmp_path


@pytest.mark.parametrize(("name", "path"), fuzz.corpus(), ids=lambda value: getattr(value, "name", value))
def test_input_that_failed_once_is_refused_in_a_sentence(name: str, path: Path):
    assert fuzz.reason_of(TARGETS[name], fuzz.load(path))[0] == ""


@pytest.mark.parametrize("name", TARGETS)
def test_new_inputs_are_read_or_refused_in_a_sentence(name: str):
    share = sum(target.share for target in TARGETS.values())
    outcome = fuzz.run_batch(name, seed=1, start=0, count=max(10, SMALL * TARGETS[name].share // share))
    assert [(failure.reason, failure.case) for failure in outcome.failures] == []


def test_case_of_equal_seeds_are_equal():
    assert [fuzz.case_of("zip", 3, index) for index in range(5)] == [
        fuzz.case_of("zip", 3, index) for index in range(5)
    ]
    assert fuzz.case_of("zip", 3, 0) != fuzz.case_of("zip", 4, 0)


def test_run_batch_reduces_the_input_that_fails(monkeypatch: pytest.MonkeyPatch):
    def refuse(data: bytes) -> None:
        if b"WORDS" in data:
            raise ZeroDivisionError
        raise DataError("This is no list. Choose another.")

    cases = iter([b"abc", b"x" * 99 + b"WORDS" + b"y" * 50])
    monkeypatch.setitem(TARGETS, "broken", Target(refuse, lambda draw: next(cases), 1))
    outcome = fuzz.run_batch("broken", seed=0, start=0, count=2)
    assert outcome.refused["broken"] == 1
    assert [failure.case for failure in outcome.failures] == [b"WORDS"]
    assert outcome.failures[0].reason.startswith("ZeroDivisionError in")


def test_reason_of_a_long_computation_and_of_a_text_that_is_no_sentence(monkeypatch: pytest.MonkeyPatch):
    def wait(case: object) -> None:
        raise DataError("two\nlines")

    assert fuzz.reason_of(Target(wait, lambda draw: None, 1), None)[0] == "DataError is no sentence"
    monkeypatch.setattr(fuzz, "MAX_SECONDS", -1.0)
    assert fuzz.reason_of(Target(lambda case: None, lambda draw: None, 1), None)[0] == "over 5 s"


def test_save_and_load_keep_an_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fuzz, "CORPUS", tmp_path)
    for case in (b"\x00\xff", {"mask": "a?\ud800", "views": float("nan")}):
        path = fuzz.save(fuzz.Failure("zip", "", case))
        assert inputs.encoded(fuzz.load(path)) == inputs.encoded(case)
    assert len(fuzz.corpus()) == 2
