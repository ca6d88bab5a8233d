"""Readers: a CSV list, the IAM database, a folder of named pictures, or a zip of these -> a `Listing`."""

from hwr_core.data.readers.find import READERS, list_file, read_source

__all__ = ["READERS", "list_file", "read_source"]
