"""What the user may ask for: frozen pydantic models, no torch."""
