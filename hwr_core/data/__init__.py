"""Data: readers, checking, writer-independent split, prepared canvases.

from hwr_core.data import add_dataset
dataset = add_dataset("letters", "letters.zip")
dataset.table.head(), dataset.counts, dataset.canvases().shape
"""

from hwr_core.data.corrected_words import my_corrections, refresh
from hwr_core.data.corrections import Correction, Corrections
from hwr_core.data.dataset import DataSet
from hwr_core.data.label_fixes import LabelFix, LabelFixes
from hwr_core.data.sample import PARTS, Listing, Problem, Sample
from hwr_core.data.workspace import (
    MY_CORRECTIONS,
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
    "MY_CORRECTIONS",
    "PARTS",
    "Correction",
    "Corrections",
    "DataSet",
    "DataSetInfo",
    "LabelFix",
    "LabelFixes",
    "Listing",
    "Problem",
    "Sample",
    "add_dataset",
    "dataset_folder",
    "demo_dataset",
    "list_datasets",
    "my_corrections",
    "open_dataset",
    "refresh",
    "remove_dataset",
    "resolve",
    "save_upload",
    "slug",
    "start_adding",
]
