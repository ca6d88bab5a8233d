"""What the Data page is made of: the gallery, its figures, the check report, one word up close, adding a data set."""
