"""What each kind of evaluation may be asked for: one file a kind, the same stem as in ``stages.evaluation``."""
