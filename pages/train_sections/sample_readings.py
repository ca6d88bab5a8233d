"""Sample readings of a run: the same few validation words after every epoch, wrong letters marked."""

from __future__ import annotations

from html import escape

import pandas as pd
import streamlit as st
from rapidfuzz.distance import Levenshtein

from hwr_core.errors import HwrError
from pages.components import images
from pages.data_sections import dataset_cache
from pages.data_sections.dataset_cache import VERSION_ONLY, OpenDataset

IMAGE_HEIGHT_PIXELS = 44


def reading_style(scope: str) -> str:
    """The rules for transcriptions and `marked` readings inside elements of the class `scope`."""
    rules = """SCOPE .text { font-family: "Source Serif", "Source Serif 4", serif; line-height: 1.3;
  overflow-wrap: anywhere; }
SCOPE mark { background: none; color: inherit; text-decoration: underline wavy 1px; text-underline-offset: 3px;
  text-decoration-color: color-mix(in srgb, currentColor 55%, transparent); }
SCOPE .gap { opacity: 0.6; }
SCOPE .nothing { opacity: 0.55; font-style: italic; font-size: 0.9rem; }
SCOPE .right::after { content: " ✓"; opacity: 0.55; font-size: 0.85em; }"""
    return rules.replace("SCOPE", f".{scope}")


STYLE = f"""<style>
{reading_style("samples")}
.samples {{ display: grid; gap: 0.4rem 0.9rem; align-items: center; }}
.samples.cards {{ grid-template-columns: minmax(7rem, 2fr) 3fr; }}
.samples.table {{ grid-template-columns: minmax(7rem, 2fr) repeat(var(--texts), minmax(0, 2fr)); }}
.samples .head, .samples .truth {{ font-size: 0.85rem; opacity: 0.72; overflow-wrap: anywhere; }}
.samples .text {{ font-size: 1.1rem; }}
.samples .earlier {{ opacity: 0.6; }}
.samples .arrow {{ opacity: 0.5; padding: 0 0.3em; }}
.samples .image .paper {{ padding: 3px 5px; }}
@media (max-width: 640px) {{
  .samples.table {{ grid-template-columns: repeat(var(--texts), minmax(0, 1fr)); }}
  .samples.table .image {{ grid-column: 1 / -1; margin-top: 0.5rem; }}
  .samples.table .head.first {{ display: none; }}
}}
</style>"""
Word = tuple[str, int, str]  # data set, row, transcription


def marked(transcription: str, reading: str) -> str:
    """The reading as HTML: wrong letters underlined, a small mark where some are missing."""
    if not reading:
        return '<span class="nothing">nothing</span>'
    parts = []
    for step in Levenshtein.opcodes(transcription, reading):
        text = escape(reading[step.dest_start : step.dest_end])
        if step.tag == "equal":
            parts.append(text)
        elif step.tag == "delete":
            missing = escape(transcription[step.src_start : step.src_end], quote=True)
            parts.append(f'<span class="gap" title="{missing} is missing">‸</span>')
        else:
            expected = escape(transcription[step.src_start : step.src_end], quote=True)
            parts.append(f'<mark title="{f"should be {expected}" if expected else "too much"}">{text}</mark>')
    right = ' class="right"' if reading == transcription else ""
    return f"<span{right}>{''.join(parts)}</span>"


def image_html(dataset: str, index: int, transcription: str) -> str:
    """The word's image as HTML; a sentence where the data set is gone or has changed."""
    try:
        return _image_html(dataset_cache.opened(dataset), index, transcription)
    except HwrError:
        return '<span class="nothing">image is gone</span>'


@st.cache_data(max_entries=512, show_spinner=False, hash_funcs=VERSION_ONLY)
def _image_html(opened: OpenDataset, index: int, transcription: str) -> str:
    words = opened.dataset
    try:
        if not 0 <= index < len(words) or words.table["transcription"].iloc[index] != transcription:
            return '<span class="nothing">image has changed</span>'
        return images.tag(words.image(index), f"handwriting: {transcription}", IMAGE_HEIGHT_PIXELS)
    except HwrError:
        return '<span class="nothing">image is gone</span>'


def before_and_now(samples: pd.DataFrame) -> None:
    """Each word's image, transcription, and its readings after the first epoch and after the last one."""
    epochs = sorted(samples["epoch"].unique())
    before, now = _readings(samples, epochs[0]), _readings(samples, epochs[-1])
    cells = []
    for word, reading in now.items():
        earlier = ""
        if len(epochs) > 1 and word in before:
            earlier = f'<span class="earlier">{marked(word[2], before[word])}</span><span class="arrow">→</span>'
        cells.append(
            f'<div class="image">{image_html(*word)}</div><div><div class="truth">{escape(word[2])}</div>'
            f'<div class="text">{earlier}{marked(word[2], reading)}</div></div>'
        )
    st.html(f'{STYLE}<div class="samples cards">{"".join(cells)}</div>')


def side_by_side(tables: dict[str, pd.DataFrame], epochs: dict[str, int]) -> int:
    """Each run's readings of the sample words that all of them have; returns the number of these words."""
    readings = {name: _readings(table, epochs[name]) for name, table in tables.items()}
    shared = [word for word in next(iter(readings.values())) if all(word in other for other in readings.values())]
    heads = [f"{name}, epoch {epochs[name]}" for name in readings]
    cells = ['<div class="head first">image</div><div class="head">transcription</div>']
    cells += [f'<div class="head">{escape(head)}</div>' for head in heads]
    for word in shared:
        cells.append(f'<div class="image">{image_html(*word)}</div><div class="text">{escape(word[2])}</div>')
        cells += [f'<div class="text">{marked(word[2], other[word])}</div>' for other in readings.values()]
    if shared:
        st.html(f'{STYLE}<div class="samples table" style="--texts:{1 + len(heads)}">{"".join(cells)}</div>')
    return len(shared)


def _readings(samples: pd.DataFrame, epoch: int) -> dict[Word, str]:
    rows = samples[samples["epoch"] == epoch]
    return {
        (str(dataset), int(index), str(transcription)): "" if pd.isna(reading) else str(reading)
        for dataset, index, transcription, reading in zip(
            rows["dataset"], rows["index"], rows["transcription"], rows["reading"], strict=True
        )
    }
