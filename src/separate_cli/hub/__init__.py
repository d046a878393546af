"""Model references, checkpoints, bundled weights."""
