"""Training objectives; any loss becomes permutation-invariant."""
