"""Bounded-memory separation of files of any length."""
