"""Recipes as YAML data, and the loader that validates them."""
