"""Parts of the Read page: what was accepted is kept, and a reader is taught by it."""
