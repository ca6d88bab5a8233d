"""SIGKILL at random moments of everything that writes; after each: nothing acknowledged is lost, and it goes on.

Actions run in forks of one process that has imported everything but TensorFlow, which does not survive a fork;
those that need it are processes of their own.
"""

from __future__ import annotations

import faulthandler
import importlib
import os
import random
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from actions import ACTIONS, SLOW_ACTIONS, do, moment

ACTION_SECONDS = 120.0  # after which an action that was not killed counts as hanging
SLOW_SHARE = 0.1  # of the kills: each starts TensorFlow
PRELOADED = (
    "PIL.PngImagePlugin", "cv2", "matplotlib.font_manager", "onnxruntime", "pandas", "psutil", "pyarrow.parquet",
    "hwr_core.corrections", "hwr_core.datasets.add", "hwr_core.datasets.job", "hwr_core.datasets.my_corrections",
    "hwr_core.datasets.pack", "hwr_core.evaluation.job", "hwr_core.evaluation.label_errors", "hwr_core.training",
)  # fmt: skip


@dataclass
class Row:
    """The figures of one kind of action."""

    kind: str
    kills: int = 0
    outlived: int = 0  # ended before the moment came, because it had less to do than the measured one
    writes: int = 0  # of one whole action
    problems: list[str] = field(default_factory=list)


def forked(work: Callable[[], object]) -> tuple[int, str]:
    """Run `work` in a fork.

    Returns:
        Its signal (0 where it ended by itself, -1 where it hung), and "=" with its result, or its traceback.
    """
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        faulthandler.dump_traceback_later(ACTION_SECONDS, exit=True, file=writer)
        try:
            text = f"={work()}"
        except BaseException:
            text = traceback.format_exc(limit=-6)
        os.write(writer, text.encode()[-4000:])
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        text = file.read().decode(errors="replace")  # to its end: the fork has the only other end of the pipe
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return os.WTERMSIG(status), text
    return -os.WEXITSTATUS(status), text


def perform(kind: str, home: Path, number: int, log: Path, write: int = 0, delay: float = 0.0) -> tuple[int, str]:
    """Do an action in a process that is killed at a write, or never (0); returns as `forked`."""
    if kind in ACTIONS:
        return forked(lambda: do(kind, home, number, log, write, delay))
    arguments = [kind, home, number, log, write, delay]
    command = [sys.executable, str(Path(__file__).with_name("actions.py")), *map(str, arguments)]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=ACTION_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return -1, ""
    if result.returncode < 0:
        return -result.returncode, ""
    return 0, result.stderr[-3000:] if result.returncode else "=" + result.stdout.strip().splitlines()[-1]


def preload() -> None:
    """Import what the actions and checks need, so that no fork has to; no thread may be started by it."""
    for name in PRELOADED:
        importlib.import_module(name)


class Kills:
    """Kills of one workspace, one after another, by a seed.

    Args:
        home: a whole workspace; this process's.
        kinds: of actions.
    """

    def __init__(self, home: Path, seed: int, kinds: list[str]) -> None:
        self.home, self.log = home, home.parent / "acknowledged.jsonl"
        self.draw = random.Random(seed)
        self.rows = {kind: Row(kind) for kind in kinds}
        self.number = dict.fromkeys(kinds, 0)

    def measure(self, kind: str) -> None:
        """Do the action once without a kill, and count its writes."""
        self.rows[kind].writes = int(self._whole(kind) or 1)

    def kill(self, kind: str) -> None:
        """Start an action, kill it, check, and let it go on where that is quick."""
        row = self.rows[kind]
        write, delay = moment(self.draw, row.writes, kind in SLOW_ACTIONS)
        ended, text = perform(kind, self.home, self.number[kind], self.log, write, delay)
        row.kills += ended == signal.SIGKILL
        where = f"{kind} {self.number[kind]} killed {delay:.3f} s behind write {write}"
        if ended == 0:
            row.outlived += 1
            if not text.startswith("="):
                row.problems.append(f"{where}: it failed instead: {text}")
            self.number[kind] += 1
        elif ended == -1:
            row.problems.append(f"{where}: it hung instead: {text}")
        self.check(kind, where)
        if ended and kind in ACTIONS:
            self._whole(kind)
            self.check(kind, f"{where}, and done again")

    def check(self, kind: str, where: str) -> None:
        import checks

        ended, text = forked(lambda: checks.missing(self.home, self.log))
        if ended or text != "=[]":
            self.rows[kind].problems.append(f"{where}: {text}")

    def finish(self, kind: str) -> None:
        """Let the last killed action go on to its end."""
        self._whole(kind)
        self.check(kind, f"{kind} at the end")

    def _whole(self, kind: str) -> str:
        ended, text = perform(kind, self.home, self.number[kind], self.log)
        if ended or not text.startswith("="):
            self.rows[kind].problems.append(f"{kind} {self.number[kind]} does not go on: {text or ended}")
        self.number[kind] += 1
        return text.removeprefix("=") if text.startswith("=") else ""


def run(
    home: Path,
    number: int,
    seed: int,
    on_step: Callable[[int, int, str], None],
    on_problem: Callable[[str], None],
    slow: bool = True,
) -> list[Row]:
    """Kill `number` processes in a whole workspace; returns a row for each kind of action.

    Args:
        on_step: called with the kills so far, their number and the kind.
        on_problem: called with each problem as soon as it is found.
        slow: whether trainings and adaptations are among them.
    """
    os.environ["HWR_HOME"] = str(home)
    kinds = [*ACTIONS, *(SLOW_ACTIONS if slow else ())]
    kills = Kills(home, seed, kinds)
    for kind in kinds:
        on_step(0, number, f"measuring {kind}")
        kills.measure(kind)
        if kills.rows[kind].problems:
            return list(kills.rows.values())  # what fails without a kill proves nothing
    plan = [kills.draw.choice(list(SLOW_ACTIONS)) for _ in range(round(SLOW_SHARE * number) if slow else 0)]
    plan += [kind for _ in range(number) for kind in ACTIONS][: number - len(plan)]
    kills.draw.shuffle(plan)
    done = 0
    while plan:
        kind = plan.pop()
        on_step(done, number, kind)
        before, known = kills.rows[kind].kills, len(kills.rows[kind].problems)
        kills.kill(kind)
        for problem in kills.rows[kind].problems[known:]:
            on_problem(problem)
        done += kills.rows[kind].kills - before
        if kills.rows[kind].kills == before and kills.rows[kind].outlived < number:
            plan.insert(0, kind)  # until there were as many kills as asked for
    for kind in SLOW_ACTIONS if slow else ():
        kills.finish(kind)
    return list(kills.rows.values())
