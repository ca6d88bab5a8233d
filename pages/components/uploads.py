"""Uploaded files on arrival: their number and sizes, before any of them is read.

The size that an upload widget is given is checked in the browser; whoever speaks to the server himself sends more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hwr_core import limits
from hwr_core.errors import HwrError, ImageError

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile


def check_sizes(files: Sequence[UploadedFile]) -> tuple[list[UploadedFile], list[tuple[str, HwrError]]]:
    """The files within the limits, in order, and the others by name with the reason."""
    most, left = limits.current(), limits.current().upload_sum_bytes
    accepted: list[UploadedFile] = []
    refused: list[tuple[str, HwrError]] = []
    for file in files:
        if len(accepted) == most.upload_files:
            reason = f"at most {most.upload_files:,} files are taken at once. Bring it with the next ones."
        elif file.size > most.upload_bytes:
            reason = (
                f"{limits.size(file.size)} is more than is taken (at most {limits.size(most.upload_bytes)} a file)."
            )
        elif file.size > left:
            reason = f"all files together exceed {limits.size(most.upload_sum_bytes)}. Bring it with the next ones."
        else:
            accepted.append(file)
            left -= file.size
            continue
        refused.append((file.name, ImageError(f"{file.name}: {reason}")))
    return accepted, refused
