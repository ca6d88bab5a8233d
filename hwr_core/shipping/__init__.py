"""Shipped checkpoints: recipes, measured results and the card."""
