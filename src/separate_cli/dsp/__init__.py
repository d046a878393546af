"""Signal functions without weights."""
