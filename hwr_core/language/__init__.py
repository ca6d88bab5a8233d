"""Language models of single words: lexicon, character n-grams, casing, and the scorer that joins them."""
