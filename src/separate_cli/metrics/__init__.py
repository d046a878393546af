"""How good an estimate is, behind one interface."""
