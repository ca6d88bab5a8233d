"""Data: readers, checking, writer-independent split, prepared canvases.

from hwr_core.data import add_dataset
dataset = add_dataset("letters", "letters.zip")
dataset.table.head(), dataset.counts, dataset.canvases().shape
"""

from hwr_core.data.dataset import DataSet
from hwr_core.data.sample import PARTS, Listing, Problem, Sample
from hwr_core.data.workspace import (
    DataSetInfo,
    add_dataset,
    dataset_folder,
    demo_dataset,
    list_datasets,
    open_dataset,
    remove_dataset,
    resolve,
    save_upload,
    slug,
    start_adding,
)

__all__ = [
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
    "open_dataset",
    "remove_dataset",
    "resolve",
    "save_upload",
    "slug",
    "start_adding",
]
