#!/usr/bin/env python
"""Feed mutated files and odd values to whatever takes something from outside: `make fuzz`.

    make fuzz                            # 100,000 inputs, seed 0
    make fuzz INPUTS=1000 SEED=7
    python tests/fuzz/fuzz.py --only zip

An input fails where anything but an `HwrError` is raised, where it takes over 5 s of processor time or over 1 GB of
memory. Failures are reduced, and written to tests/data/fuzz, which the unit tests run again.
"""

from __future__ import annotations

import argparse
import faulthandler
import hashlib
import json
import os
import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import inputs  # noqa: E402
from targets import TARGETS, Target  # noqa: E402

from hwr_core.errors import HwrError  # noqa: E402
from hwr_core.jobs import ProgressLine  # noqa: E402

CORPUS = ROOT / "tests" / "data" / "fuzz"
MAX_SECONDS = 5.0  # of processor time: a busy machine is no failure
HANG_SECONDS = 120.0  # after which a process that reads an input ends with a traceback
MAX_MEGABYTES = 1000.0
BATCH = 250
MAX_REDUCTIONS = 400  # tries to make a failing input smaller


@dataclass
class Failure:
    target: str
    reason: str  # kind and place of the error: equal ones are one defect
    case: Any


@dataclass
class Outcome:
    """The figures of a batch."""

    count: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)  # answered with an HwrError
    failures: list[Failure] = field(default_factory=list)
    slowest: dict[str, float] = field(default_factory=dict)
    megabytes: dict[str, float] = field(default_factory=dict)  # by which the largest input raised the process's peak


def reason_of(target: Target, case: Any) -> tuple[str, bool, float, float]:
    """The defect that an input shows, "" for none; whether it was refused; seconds; growth of the peak in MB."""
    begun, peak = time.process_time(), _peak_megabytes()
    reason, refused = "", False
    try:
        target.run(case)
    except HwrError as error:
        refused = True
        if "\n" in str(error).strip() or len(str(error)) > 2000:
            reason = f"{type(error).__name__} is no sentence"
    except Exception as error:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "hwr_core" in frame.filename]
        frame = frames[-1] if frames else traceback.extract_tb(error.__traceback__)[-1]
        reason = f"{type(error).__name__} in {Path(frame.filename).name}, {frame.name}"
    seconds, growth = time.process_time() - begun, _peak_megabytes() - peak
    if seconds > MAX_SECONDS:
        reason = reason or "over 5 s"
    if growth > MAX_MEGABYTES:
        reason = reason or "over 1 GB"
    return reason, refused, seconds, growth


def _peak_megabytes() -> float:
    from hwr_core.jobs import peak_memory_mb

    return peak_memory_mb()


def case_of(name: str, seed: int, index: int) -> Any:
    """The input of an index; the same for the same seed."""
    return TARGETS[name].draw(random.Random(f"{seed}/{name}/{index}"))


def run_batch(name: str, seed: int, start: int, count: int) -> Outcome:
    """Run `count` inputs of a target, reduce those that fail."""
    outcome = Outcome()
    target = TARGETS[name]
    known: set[str] = set()
    for index in range(start, start + count):
        case = case_of(name, seed, index)
        faulthandler.dump_traceback_later(HANG_SECONDS, exit=True)  # the others would wait for it for ever
        reason, refused, seconds, growth = reason_of(target, case)
        faulthandler.cancel_dump_traceback_later()
        outcome.count[name] += 1
        outcome.refused[name] += refused
        outcome.slowest[name] = max(seconds, outcome.slowest.get(name, 0.0))
        outcome.megabytes[name] = max(growth, outcome.megabytes.get(name, 0.0))
        if reason and reason not in known:
            known.add(reason)
            outcome.failures.append(Failure(name, reason, reduced(target, case, reason)))
    return outcome


def reduced(target: Target, case: Any, reason: str) -> Any:
    """A smaller input that shows the same defect."""
    if reason.startswith("over"):
        return case
    tries = 0

    def still_fails(smaller: Any) -> bool:
        nonlocal tries
        tries += 1
        try:
            return tries <= MAX_REDUCTIONS and reason_of(target, smaller)[0] == reason
        except (KeyError, TypeError, ValueError):
            return False

    return _smaller(case, still_fails)


def _smaller(case: Any, still_fails: Callable[[Any], bool]) -> Any:
    if isinstance(case, bytes | str):
        step = len(case) // 2
        while step:
            place = 0
            while place < len(case):
                shorter = case[:place] + case[place + step :]
                if still_fails(shorter):
                    case = shorter
                else:
                    place += step
            step //= 2
    elif isinstance(case, dict):
        for key in list(case):
            without = {name: item for name, item in case.items() if name != key}
            case = without if still_fails(without) else case
        for key in list(case):
            case = {**case, key: _smaller(case[key], lambda item, key=key, rest=case: still_fails({**rest, key: item}))}
    return case


def save(failure: Failure) -> Path:
    """Write a failing input to the corpus; equal ones have the same name."""
    data = inputs.encoded(failure.case)
    suffix = ".bin" if isinstance(failure.case, bytes) else ".json"
    path = CORPUS / failure.target / (hashlib.sha256(data).hexdigest()[:12] + suffix)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def corpus() -> list[tuple[str, Path]]:
    """Every (target, file) of the corpus."""
    return [(path.parent.name, path) for path in sorted(CORPUS.glob("*/*")) if path.suffix in (".bin", ".json")]


def load(path: Path) -> Any:
    """An input of the corpus."""
    return path.read_bytes() if path.suffix == ".bin" else json.loads(path.read_text(encoding="utf-8"))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=100_000, help="(%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the inputs (%(default)s)")
    parser.add_argument("--only", choices=list(TARGETS), help="one target")
    parser.add_argument("--processes", type=int, default=2, help="(%(default)s)")
    options = parser.parse_args(arguments)
    names = [options.only] if options.only else list(TARGETS)
    shares = sum(TARGETS[name].share for name in names)
    batches = []
    for name in names:
        number = max(1, round(options.inputs * TARGETS[name].share / shares))
        batches += [(name, options.seed, start, min(BATCH, number - start)) for start in range(0, number, BATCH)]
    random.Random(options.seed).shuffle(batches)  # so that the time left is of all targets alike
    line, total, failures = ProgressLine(), Outcome(), {}
    done, inputs_total = 0, sum(batch[3] for batch in batches)
    with ProcessPoolExecutor(options.processes, mp_context=get_context("spawn")) as pool:
        for outcome in pool.map(run_batch, *zip(*batches, strict=True)):
            done += sum(outcome.count.values())
            total.count += outcome.count
            total.refused += outcome.refused
            for name in outcome.count:
                total.slowest[name] = max(total.slowest.get(name, 0.0), outcome.slowest[name])
                total.megabytes[name] = max(total.megabytes.get(name, 0.0), outcome.megabytes[name])
            for failure in outcome.failures:
                if (failure.target, failure.reason) not in failures:
                    failures[failure.target, failure.reason] = save(failure)
            line("inputs", done, inputs_total)
    line.clear()
    print(f"| target | inputs | refused in a sentence | slowest | most memory | defects |\n|{'---|' * 6}")
    for name in names:
        defects = sum(target == name for target, _ in failures)
        print(
            f"| {name} | {total.count[name]:,} | {total.refused[name]:,} | {total.slowest[name]:.2f} s | "
            f"{total.megabytes[name]:.0f} MB | {defects} |"
        )
    print(f"\n{inputs_total:,} inputs, seed {options.seed}, {len(failures)} defects.")
    for (target, reason), path in failures.items():
        print(f"{target}: {reason}: {path.relative_to(ROOT)}")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
