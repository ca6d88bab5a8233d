"""Readings as files: CSV, JSON and plain text, and the strokes of drawn words as SVG."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from typing import TypedDict

from hwr_core import spreadsheet
from hwr_core.recognition.reading import Reading


class ExportAlternative(TypedDict):
    text: str
    confidence: float


class ExportRow(TypedDict):
    """One word; the names are the columns of the files."""

    file: str
    text: str  # accepted, else read
    reading: str
    confidence: float | None
    typed: str
    accepted: bool
    alternatives: list[ExportAlternative]
    reader: str  # the recognizer's name
    problem: str


def export_row(
    file: str,
    reading: Reading | None,
    recognizer: str,
    *,
    typed: str = "",
    accepted: str | None = None,
    problem: str = "",
) -> ExportRow:
    """The row of one word.

    Args:
        file: its file name.
        reading: None where it was not read.
        recognizer: the name of the checkpoint that read it.
        typed: the prefix or mask that it was read under.
        accepted: the accepted text, if any.
        problem: why it cannot be read.
    """
    alternatives = reading.alternatives if reading else []
    return {
        "file": file,
        "text": accepted if accepted is not None else reading.text if reading else "",
        "reading": reading.text if reading else "",
        "confidence": round(float(reading.confidence), 4) if reading else None,
        "typed": typed,
        "accepted": accepted is not None,
        "alternatives": [
            {"text": text, "confidence": round(float(confidence), 4)} for text, confidence in alternatives
        ],
        "reader": recognizer if reading else "",
        "problem": problem,
    }


def rows_to_csv(rows: Sequence[ExportRow]) -> bytes:
    """UTF-8 CSV; the alternatives in one cell, `text (confidence)` separated by bars."""
    import pandas as pd

    flat = [
        {**row, "alternatives": " | ".join(f"{a['text']} ({a['confidence']:.4f})" for a in row["alternatives"])}
        for row in rows
    ]
    return spreadsheet.to_csv(pd.DataFrame(flat))


def rows_to_json(rows: Sequence[ExportRow]) -> bytes:
    return json.dumps(rows, ensure_ascii=False, indent=1).encode("utf-8")


def rows_to_text(rows: Sequence[ExportRow]) -> bytes:
    """The words alone, one a line."""
    return "".join(f"{row['text']}\n" for row in rows).encode("utf-8")


def drawings_to_zip(drawings: Iterable[tuple[str, str]]) -> bytes:
    """A zip with one SVG file for each `(image file name, SVG)`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, svg in drawings:
            archive.writestr(f"{name.removesuffix('.png')}.svg", svg)
    return buffer.getvalue()
