"""One verb a file: spec in, folder out."""
