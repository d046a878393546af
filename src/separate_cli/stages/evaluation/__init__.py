"""Kinds of evaluation, one file a kind; the same stem as its spec in ``specs.evaluation``.

trials --attempt: load, model--> Takes --metrics, in processes--> rows, kept as they come --> tables
"""
