"""What the pages share: their frame, words, pictures, charts, and the readers kept open between readings."""
