"""Sources of words: a CSV list, the IAM database, a folder of named images, or a zip of these -> a `Listing`."""
