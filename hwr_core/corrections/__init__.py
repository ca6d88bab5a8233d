"""Corrections: accepted words and corrected transcriptions, stored in one SQLite file of the workspace."""

from hwr_core.corrections.accepted_words import AcceptedWord, AcceptedWords
from hwr_core.corrections.label_corrections import LabelCorrection, LabelCorrections

__all__ = ["AcceptedWord", "AcceptedWords", "LabelCorrection", "LabelCorrections"]
