"""Parts of mask networks."""
