"""The readings that a tab holds do not grow with what is typed."""

from __future__ import annotations

from hwr_core.recognition import Reading
from hwr_core.recognition.pool import ReadingConditions
from pages.components import word_queue


def test_forget_oldest_leaves_the_newest_readings():
    conditions = ReadingConditions()
    readings = {("model", f"{number}", "", conditions): Reading(f"{number}", 1.0, []) for number in range(6)}
    word_queue.forget_oldest(readings, 4)
    assert [reading.text for reading in readings.values()] == ["2", "3", "4", "5"]
    word_queue.forget_oldest(readings, 4)
    assert len(readings) == 4
