"""Stages that resume: key, store, plan, runner. Knows nothing of audio."""
