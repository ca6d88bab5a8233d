"""Layout of a page: whether an image shows one word or lines of writing."""
