"""Published corpora as torch data sets, read from the lists that their own tools or Asteroid's recipes have written."""
