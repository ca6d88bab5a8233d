"""What the pages share: layout, wording, images, charts, models and the word queue."""
