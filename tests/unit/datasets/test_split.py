from __future__ import annotations

import pandas as pd
import pytest

from hwr_core.datasets.split import assign_parts, hash_fraction, part_named


def table_of(writers, forms=None, splits=None) -> pd.DataFrame:
    count = len(writers)
    return pd.DataFrame(
        {
            "word_id": [f"id{i}" for i in range(count)],
            "writer": writers,
            "form": forms or [""] * count,
            "split": splits or [""] * count,
        }
    ).astype("str")


def parts_of(table) -> dict[str, set[str]]:
    split = assign_parts(table)
    parts: dict[str, set[str]] = {}
    for writer, part in zip(table["writer"], split.parts, strict=True):
        parts.setdefault(writer, set()).add(part)
    return parts


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("train", "train"), ("Training", "train"), ("TR", "train"), ("val", "validation"), ("valid", "validation"),
        ("dev", "validation"), ("validationset2", "validation"), ("testset", "test"), ("te", "test"),
        ("train_words", "train"), ("", ""), ("bonus", ""), ("words", ""),
    ],
)  # fmt: skip
def test_part_named_usual_names(name, part):
    assert part_named(name) == part


def test_assign_parts_by_writer_with_given_shares():
    table = table_of([f"writer {i % 1000}" for i in range(5000)])
    split = assign_parts(table)
    assert all(len(parts) == 1 for parts in parts_of(table).values())
    shares = pd.Series(split.parts).value_counts(normalize=True)
    assert shares["train"] == pytest.approx(0.8, abs=0.04)
    assert shares["validation"] == pytest.approx(0.1, abs=0.03)
    assert split.by == "writer"
    assert split.notes == []


def test_assign_parts_depends_on_the_writer_only():
    writers = [f"w{i}" for i in range(40)]
    once = parts_of(table_of(writers))
    again = parts_of(table_of(writers[::-1] + ["w1"] * 5))
    assert once == again
    assert 0 <= hash_fraction("w1") < 1


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("count", [2, 3, 5])
def test_assign_parts_few_writers_has_train_and_validation(seed, count):
    parts = parts_of(table_of([f"{seed}-{i}" for i in range(count)] * 2))
    assert all(len(parts) == 1 for parts in parts.values())
    assert {"train", "validation"} <= set.union(*parts.values())


def test_assign_parts_one_writer_is_split_by_form_or_word():
    by_form = assign_parts(table_of(["ann"] * 40, forms=[f"f{i // 4}" for i in range(40)]))
    assert by_form.by == "form"
    assert "One writer is known" in by_form.notes[0]
    assert "not writer-independent" in by_form.notes[0]
    by_word = assign_parts(table_of([""] * 40))
    assert by_word.by == "word"
    assert "No writers are known" in by_word.notes[0]
    assert {"train", "validation"} <= set(by_word.parts)


def test_assign_parts_own_split_is_used():
    splits = ["train", "train", "validation", "test"]
    split = assign_parts(table_of(["a", "b", "c", "d"], splits=splits))
    assert split.parts == splits
    assert split.by == "own column"
    assert split.notes == []


def test_assign_parts_own_split_without_validation_moves_writers():
    writers = [f"w{i}" for i in range(30)]
    split = assign_parts(table_of(writers, splits=["train"] * 29 + ["test"]))
    assert split.parts.count("validation") == 3
    assert split.parts[29] == "test"
    assert "3 of its writers became one" in split.notes[0]


def test_assign_parts_own_split_without_train_is_ignored():
    split = assign_parts(table_of([f"w{i}" for i in range(30)], splits=["test"] * 30))
    assert {"train", "validation"} <= set(split.parts)
    assert "no train part" in split.notes[0]


def test_assign_parts_rows_without_a_part_follow_their_writer():
    splits = ["train", "", "validation", "", "test"]
    split = assign_parts(table_of(["a", "a", "b", "b", "c"], splits=splits))
    assert split.parts == ["train", "train", "validation", "validation", "test"]


def test_assign_parts_writer_in_two_parts_gives_a_note():
    split = assign_parts(table_of(["a", "a", "b"], splits=["train", "validation", "train"]))
    assert split.notes == ["1 writer is in more than one part of the source's split: it is not writer-independent."]
    both = assign_parts(table_of(["a", "a", "b", "b"], splits=["train", "validation"] * 2))
    assert both.notes[0].startswith("2 writers are")


def test_assign_parts_one_or_no_word():
    alone = assign_parts(table_of(["a"]))
    assert len(alone.parts) == 1
    assert "one word alone" in alone.notes[-1]
    assert assign_parts(table_of([])).parts == []
