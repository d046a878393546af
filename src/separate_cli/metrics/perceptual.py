"""PESQ, wide-band and narrow-band, through the package ``pesq`` (ITU-T P.862 reference code).

PESQ is defined at 8 kHz (narrow-band) and 16 kHz (both). Higher rates are brought down to 16 kHz; wide-band PESQ below
16 kHz does not exist and says so.

Source: ITU-T Recommendations P.862 (2001) and P.862.2 (2007).
Checked: tests/metrics/test_perceptual.py (published example values).
"""

from __future__ import annotations

from typing import Literal

from separate_cli.metrics.waves import FloatArray, Outcome, Trial, Undefined, each_pair, missing_package

__all__ = ["pesq", "score_pesq", "score_pesq_nb", "score_pesq_wb"]

Band = Literal["wb", "nb"]


def pesq(estimate: FloatArray, reference: FloatArray, *, sample_rate: int, band: Band) -> float:
    """PESQ of one estimate: mean opinion score, about 1.0 (bad) to 4.6 (transparent).

    Args:
        estimate: ``(time)``.
        reference: ``(time)``.
        sample_rate: In Hz; at least 8000 for narrow-band, 16000 for wide-band.
        band: ``"wb"`` (P.862.2) or ``"nb"`` (P.862 with the P.862.1 mapping).

    Raises:
        UsageError: If the package ``pesq`` is missing.
        Undefined: If the rate is too low, the signal is too short, or no speech is found in the reference.
    """
    try:
        import pesq as package
    except ImportError as error:
        raise missing_package("pesq", extra="metrics", what="PESQ") from error

    target = _target_rate(sample_rate, band)
    if target != sample_rate:
        import soxr

        estimate, reference = (soxr.resample(wave, sample_rate, target) for wave in (estimate, reference))
    try:
        return float(package.pesq(target, reference, estimate, band))
    except package.NoUtterancesError as error:
        raise Undefined("PESQ found no speech in the reference.") from error
    except package.BufferTooShortError as error:
        raise Undefined("PESQ needs at least a quarter of a second.") from error


def _target_rate(sample_rate: int, band: Band) -> int:
    lowest = 16000 if band == "wb" else 8000
    if sample_rate < lowest:
        raise Undefined(f"PESQ {band} needs a sample rate of at least {lowest} Hz, got {sample_rate}.")
    return 16000 if sample_rate >= 16000 else 8000


def _score(trial: Trial, band: Band) -> Outcome:
    return each_pair(trial, lambda signal, clean: pesq(signal, clean, sample_rate=trial.sample_rate, band=band))


def score_pesq_wb(trial: Trial) -> dict[str, Outcome]:
    """Metric family: wide-band PESQ."""
    return {"pesq_wb": _score(trial, "wb")}


def score_pesq_nb(trial: Trial) -> dict[str, Outcome]:
    """Metric family: narrow-band PESQ."""
    return {"pesq_nb": _score(trial, "nb")}


def score_pesq(trial: Trial) -> dict[str, Outcome]:
    """Metric family: PESQ in the widest band that the sample rate allows."""
    return {"pesq": _score(trial, "wb" if trial.sample_rate >= 16000 else "nb")}
