"""Numbers as people read them: `6.5 %`, `1 min 20 s`, `26,863 words`."""

from __future__ import annotations

import math
import time
from datetime import datetime

from hwr_core.jobs import Status

UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def percent(share: float | None, digits: int = 1) -> str:
    """0.065 -> "6.5 %"; nothing measured -> "–"."""
    if share is None or not math.isfinite(share):
        return "–"
    return f"{100 * share:.{digits}f} %"


def sure(confidence: float) -> str:
    """0.93 -> "93 % sure". Never 100: no model is."""
    if confidence < 0.005:
        return "under 1 % sure" if confidence > 0 else "not sure at all"
    return f"{min(99, round(100 * confidence))} % sure"


def duration(seconds: float | None) -> str:
    """The two largest units: 80 -> "1 min 20 s"; unknown -> "–"."""
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        return "–"
    if seconds < 1:
        return "under 1 s"
    left = round(seconds)
    parts: list[tuple[int, str]] = []
    for size, name in UNITS:
        amount, left = divmod(left, size)
        if amount or parts:
            parts.append((amount, name))
    return " ".join(f"{amount} {name}" for amount, name in parts[:2] if amount)


def time_left(seconds: float | None) -> str:
    """80 -> "1 min 20 s left"; unknown -> nothing."""
    return "" if seconds is None else f"{duration(seconds)} left"


def job_status(status: Status) -> str:
    """Phase, step and time left of a job: "Reading · 128 of 1,000 · 1 min 20 s left"."""
    step = f"{status.step:,} of {status.steps:,}" if status.steps > 1 else ""
    return " · ".join(filter(None, [status.phase, step, time_left(status.seconds_left)]))


def count(number: int, noun: str = "", plural: str = "") -> str:
    """26863, "word" -> "26,863 words"; 1, "word" -> "1 word"; without a noun only the number."""
    if not noun:
        return f"{number:,}"
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def size(megabytes: float | None) -> str:
    """Memory or a file: 0.4 -> "400 KB"; 1536 -> "1.5 GB"."""
    if megabytes is None or not math.isfinite(megabytes):
        return "–"
    if megabytes < 1:
        return f"{max(1, round(megabytes * 1000))} KB"
    return f"{megabytes:,.0f} MB" if megabytes < 1024 else f"{megabytes / 1024:.1f} GB"


def ago(when: float | str | None) -> str:
    """Seconds since the epoch, or an ISO date -> "12 min ago"."""
    if isinstance(when, str):
        try:
            return ago(datetime.fromisoformat(when).timestamp())
        except ValueError:
            return when
    if not when:
        return "–"
    seconds = max(0.0, time.time() - when)
    if seconds < 45:
        return "just now"
    for unit, name in ((86_400, "day"), (3_600, "hour"), (60, "min")):
        if seconds >= 0.75 * unit:
            amount = max(1, round(seconds / unit))
            return f"{amount} {name}{'s' if amount > 1 and name != 'min' else ''} ago"
    return "1 min ago"


def date(when: float | None) -> str:
    """Seconds since the epoch -> "2026-11-23 09:12"."""
    return datetime.fromtimestamp(when).strftime("%Y-%m-%d %H:%M") if when else "–"


def listed(names: list[str]) -> str:
    """["a", "b", "c"] -> "a, b and c"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""
