"""Parts of the Evaluate page: the form, the progress, the results, the comparison of two models."""
