"""Corrections: accepted words and corrected transcriptions, kept in one SQLite file of the workspace."""

from hwr_core.corrections.accepted_words import Correction, Corrections
from hwr_core.corrections.label_corrections import LabelFix, LabelFixes

__all__ = ["Correction", "Corrections", "LabelFix", "LabelFixes"]
