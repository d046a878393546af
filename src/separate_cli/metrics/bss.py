"""BSS-eval version 3: SDR, SIR and SAR with 512-tap distortion filters.

    P_j: projection of signal s on reference j and its delays;  P: on all references and their delays
    SDR = |P_j|² / |s - P_j|²    SIR = |P_j|² / |P - P_j|²    SAR = |P|² / |s - P|²

Reference j may be changed by any 512-tap filter without being punished.

Source: Vincent, Gribonval & Févotte, "Performance measurement in blind audio source separation", TASLP 14(4), 2006.
Checked: tests/metrics/test_bss.py (values of mir_eval 0.8.2, direct least squares in the time domain).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from separate_cli.metrics.projection import DelayedRows, filtered_sum
from separate_cli.metrics.ratios import decibels
from separate_cli.metrics.waves import FloatArray, Outcome, Trial

__all__ = ["FILTER_TAPS", "bss_eval", "score_bss"]

FILTER_TAPS = 512


def bss_eval(
    signals: FloatArray,
    references: FloatArray,
    pairs: Sequence[tuple[int, int]] | None = None,
    *,
    filter_taps: int = FILTER_TAPS,
) -> FloatArray:
    """SDR, SIR and SAR, in dB, of chosen pairs.

    Args:
        signals: Signals to score, ``(signal, time)``; none silent.
        references: All clean signals of the mixture, ``(reference, time)``; none silent.
        pairs: Which signal is scored as which reference; default: the i-th as the i-th.
        filter_taps: Length of the allowed distortion filters, in samples.

    Returns:
        ``(3, pair)``: SDR, SIR, SAR. SIR is infinite with a single reference.

    Source: Vincent et al., TASLP 2006, section III-B ("time-invariant filters allowed").

    >>> rng = np.random.default_rng(0)
    >>> references = rng.standard_normal((2, 32000))
    >>> mixed = references + 0.1 * references[::-1]
    >>> bss_eval(mixed, references)[1].round()  # SIR
    array([20., 20.])
    """
    pairs = pairs if pairs is not None else [(index, index) for index in range(len(signals))]
    space = DelayedRows(references, taps=filter_taps)
    on_all = filtered_sum(references, space.filters(signals))  # (signal, time + taps - 1)
    padded = np.pad(signals, ((0, 0), (0, filter_taps - 1)))
    scores = np.empty((3, len(pairs)))
    for reference in sorted({pair[1] for pair in pairs}):
        indices = [index for index, pair in enumerate(pairs) if pair[1] == reference]
        rows = [pairs[index][0] for index in indices]
        on_one = filtered_sum(references[[reference]], space.filters(signals[rows], [reference]))
        for index, row, one in zip(indices, rows, on_one, strict=True):
            scores[:, index] = _ratios(padded[row], one, on_all[row] if len(references) > 1 else one)
    return scores


def _ratios(signal: FloatArray, on_one: FloatArray, on_all: FloatArray) -> tuple[float, float, float]:
    """SDR, SIR and SAR from a signal and its two projections, ``(time)`` each."""
    distortion, interference, artefacts = signal - on_one, on_all - on_one, signal - on_all
    target = float(on_one @ on_one)
    return (
        decibels(target, float(distortion @ distortion)),
        decibels(target, float(interference @ interference)),
        decibels(float(on_all @ on_all), float(artefacts @ artefacts)),
    )


def score_bss(trial: Trial) -> dict[str, Outcome]:
    """Metric family: SDR, SIR and SAR. Silent references are left out; what is compared with them is undefined."""
    audible = [index for index, reference in enumerate(trial.references) if reference.any()]
    rank = {reference: position for position, reference in enumerate(audible)}
    errors = [trial.silence(pair) for pair in trial.pairs]
    kept = [index for index, error in enumerate(errors) if error is None]
    scores = np.full((3, len(trial.pairs)), np.nan)
    if kept:
        pairs = [(trial.pairs[index][0], rank[trial.pairs[index][1]]) for index in kept]
        scores[:, kept] = bss_eval(trial.signals, trial.references[audible], pairs)
    error = next((error for error in errors if error is not None), None)
    return {name: Outcome(values, error) for name, values in zip(("sdr", "sir", "sar"), scores, strict=True)}
