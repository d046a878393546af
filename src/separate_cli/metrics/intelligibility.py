"""Short-time objective intelligibility, plain and extended."""

from __future__ import annotations

from separate_cli.metrics.waves import Outcome, Trial, each_pair

__all__ = ["score_estoi", "score_stoi"]


def _score(trial: Trial, *, extended: bool) -> Outcome:
    import pystoi

    return each_pair(
        trial, lambda signal, clean: float(pystoi.stoi(clean, signal, trial.sample_rate, extended=extended))
    )


def score_stoi(trial: Trial) -> dict[str, Outcome]:
    """Metric family: STOI."""
    return {"stoi": _score(trial, extended=False)}


def score_estoi(trial: Trial) -> dict[str, Outcome]:
    """Metric family: extended STOI."""
    return {"estoi": _score(trial, extended=True)}
