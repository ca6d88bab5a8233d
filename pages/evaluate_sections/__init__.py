"""The parts of the Evaluate page: what is asked, how it goes, what was found."""
