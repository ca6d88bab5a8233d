"""Shipped checkpoints: the recipes they are trained by."""
