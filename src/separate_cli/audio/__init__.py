"""Files to arrays and back, in blocks, at any sample rate."""
