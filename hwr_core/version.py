"""The version, by itself: modules that record it need not import the package's public names."""

__version__ = "0.1.0"
