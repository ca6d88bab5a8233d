"""Parts of the Train and Runs pages: the settings' widgets, a followed run, curves, sample readings."""
