#!/usr/bin/env python
"""Convert the pretrained weights of `ppocr_ctc` from RapidOCR's wheel to models/backbones/ppocr-rec-small.

    python scripts/make_pretrained.py                        the wheel is downloaded by pip
    python scripts/make_pretrained.py --wheel rapidocr.whl   a local wheel

The network is checked against ONNX Runtime before anything is written.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from hwr_core.config import PPOCR_CANVAS, PpocrCtcConfig  # noqa: E402
from hwr_core.errors import HwrError, WeightsError, first_line  # noqa: E402
from hwr_core.models import build_model, ppocr_weights  # noqa: E402
from hwr_core.models.weight_files import half_precision, write_folder  # noqa: E402

if TYPE_CHECKING:
    import keras

WHEEL = "rapidocr==3.10.0"
MEMBER = "rapidocr/models/PP-OCRv6_rec_small.onnx"
MAX_DIFFERENCE = 1e-4
LAST_CODE_POINT = 0x24F  # Latin with its extensions; then punctuation and currency signs
PUNCTUATION = range(0x2010, 0x20C0)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheel", type=Path, help=f"the wheel of {WHEEL}")
    parser.add_argument("--to", type=Path, default=ppocr_weights.FOLDER, help="folder of the weights")
    options = parser.parse_args(arguments)
    try:
        difference, num_characters = convert(read_graph(options.wheel), options.to)
    except HwrError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{options.to}: {num_characters} characters; maximum difference from ONNX Runtime {difference:.1e}")
    return 0


def read_graph(wheel: Path | None) -> bytes:
    """The ONNX file in the wheel, which is downloaded unless given.

    Raises:
        WeightsError: it cannot be downloaded, or has no such file.
    """
    with tempfile.TemporaryDirectory() as folder:
        if wheel is None:
            command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder, WHEEL]
            if subprocess.run(command, check=False).returncode:
                raise WeightsError(f"pip could not download {WHEEL}. Connect once, or give the wheel by --wheel.")
            wheel = next(Path(folder).glob("rapidocr-*.whl"))
        try:
            with zipfile.ZipFile(wheel) as archive:
                return archive.read(MEMBER)
        except (OSError, KeyError, zipfile.BadZipFile) as error:
            raise WeightsError(f"{wheel} has no {MEMBER} in it. Give the wheel of {WHEEL}.") from error


def convert(data: bytes, folder: Path) -> tuple[float, int]:
    """Write the weights of the ONNX file `data` into `folder`, whole or not at all.

    Returns:
        The maximum difference of a probability from ONNX Runtime's, and the number of characters.

    Raises:
        WeightsError: the network is not the same.
    """
    import onnx

    try:
        proto = onnx.load(io.BytesIO(data))
        characters = {entry.key: entry.value for entry in proto.metadata_props}["character"].split("\n")
    except Exception as error:  # protobuf's errors have no common parent
        raise WeightsError(
            f"The ONNX file cannot be read, or lists no characters ({first_line(error)}). Give the wheel of {WHEEL}."
        ) from error
    classes = len(characters) + 2  # the blank before them, the space behind
    model = build_model(PpocrCtcConfig(weights="none", frame_pixels=8), PPOCR_CANVAS, classes)
    arrays, kernel, bias = ppocr_weights.from_graph(proto.graph, model)
    ppocr_weights.assign(model, arrays)
    model.get_layer(ppocr_weights.HEAD).set_weights([kernel, bias])
    difference = max_difference(data, model)
    if difference > MAX_DIFFERENCE:
        raise WeightsError(f"The converted network differs by {difference:.1e} from {WHEEL}'s. Take that version.")
    rows = {"": 0, " ": classes - 1}
    rows |= {character: row for row, character in enumerate(characters, start=1) if is_supported(character)}
    stored = {name: half_precision(array) for name, array in arrays.items()}
    stored["classes"] = kernel[:, list(rows.values())].astype(np.float16)
    stored["classes_bias"] = bias[list(rows.values())]
    stored["characters"] = np.array(json.dumps(list(rows), ensure_ascii=False))
    config = {
        "format_version": 1,
        "source": WHEEL,
        "file": MEMBER,
        "licence": "Apache-2.0",
        "characters": len(rows) - 1,
    }
    texts = {"config.json": json.dumps(config, indent=1) + "\n", "card.md": card(difference, len(rows) - 1, model)}
    write_folder(folder, stored, texts)
    return difference, len(rows) - 1


def is_supported(character: str) -> bool:
    """Whether a character is of the Latin script, punctuation or a currency sign: the others are left out."""
    return len(character) == 1 and (ord(character) <= LAST_CODE_POINT or ord(character) in PUNCTUATION)


def max_difference(data: bytes, model: keras.Model) -> float:
    """The maximum difference of a probability from ONNX Runtime's on random images."""
    import onnxruntime

    ink = np.random.default_rng(0).random((2, 48, 320, 1)).astype(np.float32)
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    paper = np.repeat((1 - 2 * ink).transpose(0, 3, 1, 2), 3, axis=1)
    expected = session.run(None, {session.get_inputs()[0].name: paper})[0]
    logits = model.predict_on_batch(ink)
    exp = np.exp(logits - logits.max(-1, keepdims=True))
    return float(np.abs(exp / exp.sum(-1, keepdims=True) - expected).max())


def card(difference: float, characters: int, model: keras.Model) -> str:
    inner = model.count_params() - model.get_layer(ppocr_weights.HEAD).count_params()
    return f"""# ppocr-rec-small: the pretrained weights of `ppocr_ctc`

The text recognizer PP-OCRv6 small of PaddleOCR, as `{WHEEL}` carries it (`{MEMBER}`), without its 18,710 classes:
{inner:,} parameters, and the rows of {characters} Latin characters, punctuation marks and the space.

| | |
|---|---|
| licence | Apache-2.0 (PaddlePaddle authors; RapidOCR's MODEL_LICENSES.md) |
| made by | `make pretrained` |
| batch norms | folded into the convolutions before them |
| colours | the first convolution is summed over its three equal colours: its input is grey |
| maximum difference of a probability from ONNX Runtime, before storing | {difference:.1e} |
| stored | matrices in half precision |
"""


if __name__ == "__main__":
    sys.exit(main())
