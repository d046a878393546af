"""Makers of corpora, one a file: ``make(spec, context)`` fills the folder of the stage ``prepare``."""
