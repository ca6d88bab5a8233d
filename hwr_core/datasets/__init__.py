"""Data sets: sources of words, their checks, the writer-independent split, cached canvases.

from hwr_core.datasets import add_dataset
dataset = add_dataset("letters", "letters.zip")
dataset.table.head(), dataset.counts, dataset.canvases().shape
"""

from hwr_core.datasets.dataset import DataSet
from hwr_core.datasets.my_corrections import my_corrections, refresh
from hwr_core.datasets.sample import PARTS, Listing, Problem, Sample
from hwr_core.datasets.store import (
    MY_CORRECTIONS,
    DataSetInfo,
    add_dataset,
    dataset_folder,
    demo_dataset,
    list_datasets,
    open_dataset,
    open_or_add,
    remove_dataset,
    save_upload,
    slug,
    start_adding,
)

__all__ = [
    "MY_CORRECTIONS",
    "PARTS",
    "DataSet",
    "DataSetInfo",
    "Listing",
    "Problem",
    "Sample",
    "add_dataset",
    "dataset_folder",
    "demo_dataset",
    "list_datasets",
    "my_corrections",
    "open_dataset",
    "open_or_add",
    "refresh",
    "remove_dataset",
    "save_upload",
    "slug",
    "start_adding",
]
