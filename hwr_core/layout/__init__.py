"""Layout of an image: one word or a page of lines."""
