from __future__ import annotations

import pandas as pd
import pytest

from hwr_core.datasets.checks import check_contents, check_sizes, check_texts, report_table, unwritable
from hwr_core.datasets.sample import FLAGGED, LEFT_OUT, Listing, Problem, Sample, shorten, summary_of
from hwr_core.datasets.sources.archive import Source


def listing_of(*samples: Sample) -> Listing:
    return Listing("csv", Source(), list(samples))


def problems(listing: Listing) -> list[tuple[int, str, str]]:
    return [(problem.row, problem.problem, problem.severity) for problem in listing.problems]


@pytest.mark.parametrize("text", ["naïve", "Straße", "日本語", "क्\u200dष", "a\u0301b", "½ €", "😀", "Привет"])
def test_unwritable_left_to_right_text_is_empty(text):
    assert unwritable(text) == ""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a\x07", "a control character, U+0007 at position 1"),
        ("\x00", "a control character, U+0000"),
        ("שלום", "from right to left, U+05E9 at position 0"),
        ("abc سلام", "from right to left"),
        ("a\u202eb", "from right to left"),
        ("\ufffd", "the file's encoding was lost"),
        ("\ue000", "a code that is no character"),
        ("a\ud800", "a code that is no character"),
        ("soft\u00adhyphen", "an invisible character, U+00AD"),
        ("\u200bzero", "an invisible character"),
    ],
)
def test_unwritable_other_text_gives_the_reason(text, why):
    assert why in unwritable(text)


def test_check_texts_normalizes_and_reports_bad_rows():
    listing = listing_of(
        Sample("a", "  cafe\u0301\t noir ", "1.png", row=2),
        Sample("b", " \n", "2.png", row=3),
        Sample("a", "again", "3.png", row=4),
        Sample("c", "bad\x01", "4.png", row=5),
        Sample("d", "x" * 33, "5.png", row=6),
        Sample("e", "y" * 1001, "6.png", row=7),
        Sample("f", "z", "7.png"),
        Sample("f", "z", "8.png"),
    )
    good = check_texts(listing, frames=64)
    assert [(sample.word_id, sample.transcription) for sample in good] == [
        ("a", "café noir"),
        ("d", "x" * 33),
        ("f", "z"),
    ]
    assert problems(listing) == [
        (4, "duplicate id", LEFT_OUT),
        (0, "duplicate id", LEFT_OUT),
        (3, "empty transcription", LEFT_OUT),
        (5, "unwritable transcription", LEFT_OUT),
        (6, "too long", FLAGGED),
        (7, "too long", LEFT_OUT),
    ]
    assert listing.problems[0].reason == "The id a is also that of row 2; the first counts."
    assert "needs 65 frames, the canvas has 64" in listing.problems[4].reason
    assert all(problem.reason.endswith((".", "?")) for problem in listing.problems)


def test_check_texts_conflicting_rows_of_an_image_are_left_out():
    listing = listing_of(
        Sample("a", "cat", "1.png", row=2),
        Sample("b", "dog", "1.png", row=3),
        Sample("c", "cat", "2.png", row=4),
        Sample("d", "cat", "2.png", row=5),
    )
    assert [sample.word_id for sample in check_texts(listing, 64)] == ["c"]
    assert problems(listing) == [
        (2, "conflicting labels", LEFT_OUT),
        (3, "conflicting labels", LEFT_OUT),
        (5, "duplicate image", LEFT_OUT),
    ]
    assert "'cat' and 'dog'" in listing.problems[0].reason


def test_check_contents_equal_files_with_other_transcriptions_are_flagged():
    samples = [Sample(str(i), text, f"{i}.png", row=i) for i, text in enumerate(["it", "at", "it", "on"])]
    problems = check_contents(samples, ["same", "same", "same", "other"])
    assert [(problem.word_id, problem.problem, problem.severity) for problem in problems] == [
        ("1", "same picture", FLAGGED)
    ]


def table_of(heights, widths, texts) -> pd.DataFrame:
    count = len(heights)
    names = [f"{i}.png" for i in range(count)]
    return pd.DataFrame(
        {"row": range(2, count + 2), "word_id": names, "image": names, "transcription": texts,
         "height": heights, "width": widths}
    )  # fmt: skip


def test_check_sizes_outliers_are_reported():
    texts = ["word"] * 40 + ["tall", "wide", "thin", "-"]
    table = table_of([50] * 40 + [400, 50, 50, 50], [100] * 40 + [100, 900, 8, 300], texts)
    problems = check_sizes(table)
    assert [problem.row for problem in problems] == [42, 43, 44]
    assert "400 pixels high, the others are about 50" in problems[0].reason
    assert "225 pixels wide for each character" in problems[1].reason


def test_check_sizes_few_words_have_no_outliers():
    assert check_sizes(table_of([50] * 6 + [900], [100] * 7, ["word"] * 7)) == []
    assert check_sizes(table_of([50] * 9, [100] * 8 + [9], ["a"] * 9)) == []


def test_report_table_is_in_row_order():
    problems = [Problem(row, "a", "b", "too long", FLAGGED, "Why.") for row in (3, 1, 2)]
    report = report_table(problems)
    assert report["row"].tolist() == [1, 2, 3]
    assert report_table([]).columns.tolist() == ["row", "word_id", "image", "problem", "severity", "reason"]
    assert summary_of(problems) == "3 too long"
    assert shorten("a" * 25 + "b" * 25) == "a" * 18 + "..." + "b" * 19
