"""Remove from a Python environment what the studio never loads: tests, headers, notebook extensions, unused libraries.

    python3 scripts/slim_environment.py /opt/venv

Run it with another Python than the environment's, on an environment that is the studio's own: what is gone is missing
for everything else in it, too. It takes about 130 MB off an installation of requirements-reading.txt.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

# Below site-packages. pyarrow and streamlit load without these; streamlit draws maps with pydeck, without its notebook.
UNUSED = (
    "pandas/tests",
    "numpy/*/tests",
    "numpy/tests",
    "pyarrow/tests",
    "pyarrow/include",
    "pyarrow/libarrow_flight*",
    "pyarrow/libarrow_python_flight*",
    "pyarrow/_flight*",
    "pyarrow/libarrow_s3*",
    "pyarrow/_s3fs*",
    "pydeck/nbextension",
    "plotly/labextension",
    "onnxruntime/transformers",
    "onnxruntime/tools",
    "pip",
    "pip-*.dist-info",
    "setuptools",
    "setuptools-*.dist-info",
    "pkg_resources",
)


def main() -> int:
    if len(sys.argv) != 2 or not (prefix := Path(sys.argv[1])).is_dir():
        print("Name the folder of the environment: slim_environment.py /opt/venv", file=sys.stderr)
        return 1
    removed = 0
    for packages in prefix.glob("lib/python3*/site-packages"):
        for path in [found for pattern in UNUSED for found in packages.glob(pattern)]:
            removed += size_of(path)
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
    print(f"{removed / 1e6:.0f} MB removed from {prefix}.")
    return 0


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files below a folder."""
    files = [path] if path.is_file() else path.rglob("*")
    return sum(file.lstat().st_size for file in files if file.is_file())


if __name__ == "__main__":
    sys.exit(main())
