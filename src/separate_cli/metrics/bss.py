"""BSS-eval version 3: SDR, SIR and SAR with 512-tap distortion filters.

    references --FFT--> autocorrelations --> block-Toeplitz Gram matrix G (reference·tap, reference·tap)
    signal     --FFT--> cross-correlations b;  Cholesky: G c = b;  projection = sum of references * c
    P_j: projection on reference j and its delays;  P: on all references and their delays
    SDR = |P_j|² / |s - P_j|²    SIR = |P_j|² / |P - P_j|²    SAR = |P|² / |s - P|²

Reference j may be changed by any 512-tap filter without being punished. The Gram matrix and its factor belong to the
references alone, so estimates and mixture share them. Cholesky, not LU: the matrix is symmetric positive definite, it
takes half the work, and batched LU solves are not trustworthy on every machine.

Source: Vincent, Gribonval & Févotte, "Performance measurement in blind audio source separation", TASLP 14(4), 2006.
Checked: tests/metrics/test_bss.py (values of mir_eval, direct least squares in the time domain).
"""

from __future__ import annotations

import numpy as np
from scipy import fft, linalg

from separate_cli.metrics.ratios import decibels
from separate_cli.metrics.waves import FloatArray, Outcome, Trial

__all__ = ["FILTER_TAPS", "bss_eval", "score_bss"]

FILTER_TAPS = 512


def bss_eval(
    signals: FloatArray,
    references: FloatArray,
    pairs: tuple[tuple[int, int], ...] | None = None,
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
    pairs = pairs if pairs is not None else tuple((index, index) for index in range(len(signals)))
    length = signals.shape[1] + filter_taps - 1
    n_fft = fft.next_fast_len(length, real=True)
    reference_spectra = fft.rfft(references, n_fft)  # (reference, bin)
    signal_spectra = fft.rfft(signals, n_fft)  # (signal, bin)
    correlations = _correlations(signal_spectra, reference_spectra, n_fft, filter_taps)  # (signal, reference, tap)
    gram = _gram(reference_spectra, n_fft, filter_taps)  # (reference, tap, reference, tap)
    n_references = len(references)

    flat = gram.reshape(n_references * filter_taps, -1)
    filters = _solve(flat, correlations.reshape(len(signals), -1)).reshape(correlations.shape)
    spectra = np.einsum("srf,rf->sf", fft.rfft(filters, n_fft), reference_spectra)
    on_all = fft.irfft(spectra, n_fft)[:, :length]  # (signal, time)

    padded = np.pad(signals, ((0, 0), (0, filter_taps - 1)))
    scores = np.empty((3, len(pairs)))
    for reference in sorted({pair[1] for pair in pairs}):
        wanted = [index for index, pair in enumerate(pairs) if pair[1] == reference]
        rows = [pairs[index][0] for index in wanted]
        own = _solve(gram[reference, :, reference], correlations[rows, reference])  # (row, tap)
        on_one = fft.irfft(fft.rfft(own, n_fft) * reference_spectra[reference], n_fft)[:, :length]
        for index, row, one in zip(wanted, rows, on_one, strict=True):
            scores[:, index] = _ratios(padded[row], one, on_all[row], single=n_references == 1)
    return scores


def _ratios(signal: FloatArray, on_one: FloatArray, on_all: FloatArray, *, single: bool) -> tuple[float, float, float]:
    """SDR, SIR and SAR from a signal and its two projections, ``(time)`` each."""
    distortion, interference, artefacts = signal - on_one, on_all - on_one, signal - on_all
    target = float(on_one @ on_one)
    return (
        decibels(target, float(distortion @ distortion)),
        decibels(target, 0.0 if single else float(interference @ interference)),
        decibels(float(on_all @ on_all), float(artefacts @ artefacts)),
    )


def _correlations(signals: FloatArray, references: FloatArray, n_fft: int, taps: int) -> FloatArray:
    """Sum over time of ``signal[t] reference[t - tap]``, ``(signal, reference, tap)``, from spectra."""
    product = signals[:, None] * references[None].conj()  # (signal, reference, bin)
    return np.ascontiguousarray(fft.irfft(product, n_fft)[..., :taps])


def _gram(references: FloatArray, n_fft: int, taps: int) -> FloatArray:
    """Inner products of all references at all delays, ``(reference, tap, reference, tap)``, from spectra."""
    count = len(references)
    gram = np.empty((count, taps, count, taps))
    for i in range(count):
        for j in range(i, count):
            circular = fft.irfft(references[i].conj() * references[j], n_fft)  # lag 0, 1, ..., -1
            lags = np.concatenate([circular[-(taps - 1) :], circular[:taps]])  # lag -(taps - 1) ... taps - 1
            # <x_i delayed by a, x_j delayed by b> is the correlation at lag a - b
            block = np.lib.stride_tricks.sliding_window_view(lags, taps)[:, ::-1]
            gram[i, :, j] = block
            gram[j, :, i] = block.T
    return gram


def _solve(gram: FloatArray, rows: FloatArray) -> FloatArray:
    """Solve ``gram x = row`` for every row; least squares where ``gram`` is singular."""
    try:
        factor = linalg.cho_factor(gram, lower=True, check_finite=False)
        solved: FloatArray = linalg.cho_solve(factor, rows.T, check_finite=False).T
    except linalg.LinAlgError:
        solved = np.linalg.lstsq(gram, rows.T, rcond=None)[0].T
    return solved


def score_bss(trial: Trial) -> dict[str, Outcome]:
    """Metric family: SDR, SIR and SAR. Silent references are left out; what is compared with them is undefined."""
    audible = [index for index, reference in enumerate(trial.references) if reference.any()]
    rank = {reference: position for position, reference in enumerate(audible)}
    errors = [trial.silence(pair) for pair in trial.pairs]
    kept = [index for index, error in enumerate(errors) if error is None]
    scores = np.full((3, len(trial.pairs)), np.nan)
    if kept:
        pairs = tuple((trial.pairs[index][0], rank[trial.pairs[index][1]]) for index in kept)
        scores[:, kept] = bss_eval(trial.signals, trial.references[audible], pairs)
    error = next((error for error in errors if error is not None), None)
    return {name: Outcome(values, error) for name, values in zip(("sdr", "sir", "sar"), scores, strict=True)}
