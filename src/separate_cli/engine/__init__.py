"""Training. The only room that imports Lightning."""
