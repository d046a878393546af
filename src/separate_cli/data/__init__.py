"""Corpora, manifests and torch datasets."""
