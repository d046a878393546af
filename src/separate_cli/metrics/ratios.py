"""Energy ratios in dB: SI-SDR and SNR, all pairs at once.

    signals (signal, time), references (reference, time) --Gram matrix--> (signal, reference) dB

Sources: Le Roux et al., "SDR - half-baked or well done?", ICASSP 2019, eq. 3 (SI-SDR, of zero-mean signals).
Checked: tests/metrics/test_ratios.py (against the definition written out, invariances, closed forms).
"""

from __future__ import annotations

import numpy as np

from separate_cli.metrics.waves import FloatArray, Outcome, Trial, each_pair

__all__ = ["decibels", "pairwise_si_sdr", "score_si_sdr", "score_snr", "si_sdr", "snr"]


def decibels(power: float, noise_power: float) -> float:
    """Ratio of two powers in dB; ``inf`` without noise, ``-inf`` without signal, NaN without both.

    >>> decibels(100.0, 1.0)
    20.0
    """
    if noise_power <= 0:
        return float("inf") if power > 0 else float("nan")
    return float(10 * np.log10(power / noise_power)) if power > 0 else float("-inf")


def si_sdr(estimate: FloatArray, reference: FloatArray, *, zero_mean: bool = True) -> float:
    """Scale-invariant signal-to-distortion ratio of one estimate, in dB.

    Args:
        estimate: Separated signal, ``(time)``.
        reference: Clean signal, ``(time)``.
        zero_mean: Whether to remove the mean of both first, as the SI-SDR loss does.

    Returns:
        dB; ``inf`` for a scaled copy, ``-inf`` for an orthogonal estimate, NaN if either is silent.

    Source: Le Roux et al., ICASSP 2019, eq. 3.

    >>> reference = np.array([1.0, -1.0, 1.0, -1.0])
    >>> round(si_sdr(3 * reference + 0.3 * np.array([1.0, 1.0, -1.0, -1.0]), reference), 6)
    20.0
    """
    if zero_mean:
        estimate, reference = estimate - estimate.mean(), reference - reference.mean()
    energy = float(reference @ reference)
    if energy == 0 or not estimate.any():
        return float("nan")
    target = float(estimate @ reference) / energy * reference
    error = estimate - target  # (time); not by differences of energies: those drown above 150 dB
    return decibels(float(target @ target), float(error @ error))


def snr(estimate: FloatArray, reference: FloatArray) -> float:
    """Signal-to-noise ratio in dB: reference over what differs from it; the scale matters.

    >>> snr(np.array([1.1, -0.9]), np.array([1.0, -1.0])).__round__(6)
    20.0
    """
    error = estimate - reference
    return decibels(float(reference @ reference), float(error @ error))


def pairwise_si_sdr(estimates: FloatArray, references: FloatArray) -> FloatArray:
    """SI-SDR of every estimate against every reference, bounded to ±100 dB, for choosing a permutation.

    Args:
        estimates: ``(estimate, time)``.
        references: ``(reference, time)``.

    Returns:
        ``(estimate, reference)`` in dB; a silent signal scores -100 against everything.
    """
    estimates = estimates - estimates.mean(axis=1, keepdims=True)
    references = references - references.mean(axis=1, keepdims=True)
    energies = np.sum(estimates**2, axis=1)[:, None] * np.sum(references**2, axis=1)[None]
    correlation = (estimates @ references.T) ** 2 / np.where(energies > 0, energies, 1)  # (estimate, reference), 0..1
    ratio: FloatArray = correlation / np.maximum(1 - correlation, 1e-10)
    return 10 * np.log10(np.clip(ratio, 1e-10, 1e10))


def score_si_sdr(trial: Trial) -> dict[str, Outcome]:
    """Metric family: SI-SDR of zero-mean signals."""
    return {"si_sdr": each_pair(trial, si_sdr)}


def score_snr(trial: Trial) -> dict[str, Outcome]:
    """Metric family: SNR; a silent signal scores 0 dB."""
    return {"snr": each_pair(trial, snr, silence_is_defined=True)}
