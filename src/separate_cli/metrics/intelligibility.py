"""Short-time objective intelligibility, plain (STOI) and extended (ESTOI).

    reference, estimate (time) --10 kHz--> frames (frame, 256), silent ones of the reference removed
        --FFT--> 15 one-third octave envelopes (band, frame) --segments of 30 frames--> (band, segment, 30)
        STOI:  mean over bands and segments of the correlation over time, the estimate clipped at -15 dB
        ESTOI: mean over segments of the correlation after normalising bands over time, then frames over bands

Sources: Taal et al., "An Algorithm for Intelligibility Prediction of Time-Frequency Weighted Noisy Speech", TASLP
19(7), 2011; Jensen & Taal, "An Algorithm for Predicting the Intelligibility of Speech Masked by Modulated Noise
Maskers", TASLP 24(11), 2016. Resampler: Kaiser-windowed sinc, 60 dB, as in the authors' MATLAB and Octave code.
Differs: deterministic (the usual Python package adds noise in ESTOI); too little speech is an error, not 1e-5.
Checked: tests/metrics/test_intelligibility.py (values of pystoi 0.4.1, invariances).
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from math import ceil, gcd

import numpy as np
from scipy import fft

from separate_cli.metrics.waves import FloatArray, Outcome, Trial, Undefined, each_pair

__all__ = ["score_estoi", "score_stoi", "stoi"]

_RATE = 10000
_FRAME, _HOP, _FFT = 256, 128, 512
_BANDS, _LOWEST_HZ = 15, 150.0
_SEGMENT = 30
"""Frames of a segment: 384 ms."""
_DYNAMIC_RANGE_DB = 40.0
_CLIP = 1 + 10 ** (15 / 20)
"""The estimate's envelope is clipped where it would lower the signal-to-distortion ratio below -15 dB."""
_EPS = float(np.finfo(np.float64).eps)
_WINDOW = np.hanning(_FRAME + 2)[1:-1]


def stoi(estimate: FloatArray, reference: FloatArray, *, sample_rate: int, extended: bool = False) -> float:
    """STOI of one estimate: about 0 (unintelligible) to 1 (as the reference).

    Args:
        estimate: ``(time)``; silence scores 0.
        reference: ``(time)``, same length, at least 0.4 s of speech.
        sample_rate: In Hz.
        extended: Whether to compute ESTOI.

    Raises:
        Undefined: If the reference holds less than 31 frames (0.41 s) of sound.

    >>> rng = np.random.default_rng(0)
    >>> speech = rng.standard_normal(10000) * (1 + np.sin(np.arange(10000) / 300))
    >>> round(stoi(0.5 * speech, speech, sample_rate=10000), 6)  # the level does not matter
    1.0
    """
    both = _resample(np.stack([estimate, reference]), sample_rate)
    return _at_10_khz(both[0], both[1], extended=extended)


def _at_10_khz(estimate: FloatArray, reference: FloatArray, *, extended: bool) -> float:
    frames = [_frames(wave) * _WINDOW for wave in (reference, estimate)]  # (frame, sample) each
    energies_db = 20 * np.log10(np.linalg.norm(frames[0], axis=-1) + _EPS)
    audible = energies_db > energies_db.max(initial=-np.inf) - _DYNAMIC_RANGE_DB
    if not reference.any() or audible.sum() <= _SEGMENT:
        raise Undefined(f"STOI needs {_SEGMENT + 1} frames (0.41 s) of sound in the reference.")
    # One wave at a time: its spectrogram stays in the cache, which is three times as fast as both at once.
    envelopes = (_third_octaves(_overlap_add(wave[audible])) for wave in frames)  # (band, frame) each
    clean, degraded = (np.lib.stride_tricks.sliding_window_view(envelope, _SEGMENT, axis=-1) for envelope in envelopes)
    return _extended(clean, degraded) if extended else _plain(clean, degraded)


def _plain(clean: FloatArray, degraded: FloatArray) -> float:
    level = np.sqrt(_energy(clean)) / (np.sqrt(_energy(degraded)) + _EPS)  # (band, segment)
    clipped = np.minimum(degraded * level[..., None], clean * _CLIP)
    clean, clipped = (envelope - envelope.mean(axis=-1, keepdims=True) for envelope in (clean, clipped))
    norms = (np.sqrt(_energy(clean)) + _EPS) * (np.sqrt(_energy(clipped)) + _EPS)
    return float((np.einsum("bsf,bsf->bs", clean, clipped) / norms).mean())


def _energy(segments: FloatArray) -> FloatArray:
    energy: FloatArray = np.einsum("bsf,bsf->bs", segments, segments)  # (band, segment)
    return energy


def _extended(clean: FloatArray, degraded: FloatArray) -> float:
    clean, degraded = (_normalised(_normalised(envelope, -1), 0) for envelope in (clean, degraded))
    return float(np.einsum("bsf,bsf->s", clean, degraded).mean() / _SEGMENT)


def _normalised(envelope: FloatArray, axis: int) -> FloatArray:
    """Zero mean and unit norm along ``axis``; what does not vary becomes zero."""
    centred = envelope - envelope.mean(axis=axis, keepdims=True)
    scaled: FloatArray = centred / (np.linalg.norm(centred, axis=axis, keepdims=True) + _EPS)
    return scaled


def _frames(wave: FloatArray) -> FloatArray:
    """Half-overlapping frames, ``(frame, sample)``. The authors' loops leave out a last frame that fits exactly."""
    wave = np.pad(wave, (0, max(0, _FRAME + 1 - len(wave))))
    frames: FloatArray = np.lib.stride_tricks.sliding_window_view(wave[:-1], _FRAME)[::_HOP]
    return frames


def _overlap_add(frames: FloatArray) -> FloatArray:
    """Glue the kept frames together, ``(time)``."""
    hops: FloatArray = np.zeros((len(frames) + 1, _HOP))
    hops[:-1] += frames[:, :_HOP]
    hops[1:] += frames[:, _HOP:]
    return hops.ravel()


def _third_octaves(wave: FloatArray) -> FloatArray:
    """One-third octave envelopes of ``(time)``: ``(band, frame)``."""
    spectrum = fft.rfft(_frames(wave) * _WINDOW, _FFT)  # (frame, bin)
    power = (spectrum.real**2 + spectrum.imag**2) @ _band_matrix()  # (frame, band)
    envelopes: FloatArray = np.sqrt(power).T
    return envelopes


@lru_cache(maxsize=1)
def _band_matrix() -> FloatArray:
    """Which FFT bin belongs to which band, ``(bin, band)``: edges at the bins closest to 150 Hz · 2^((2k ± 1) / 6)."""
    bins = np.arange(_FFT // 2 + 1)[:, None]
    edges_hz = _LOWEST_HZ * 2 ** ((2 * np.arange(_BANDS) + np.array([[-1], [1]])) / 6)
    low, high = np.rint(edges_hz * _FFT / _RATE)  # (band) each
    matrix: FloatArray = ((bins >= low) & (bins < high)).astype(np.float64)
    return matrix


def _resample(waves: FloatArray, sample_rate: int) -> FloatArray:
    if sample_rate == _RATE:
        return waves
    from scipy.signal import resample_poly  # takes longer to import than all other metrics together

    up, down = _RATE // gcd(_RATE, sample_rate), sample_rate // gcd(_RATE, sample_rate)
    resampled: FloatArray = resample_poly(waves, up, down, axis=-1, window=_anti_aliasing(up, down))
    return resampled


@lru_cache(maxsize=8)
def _anti_aliasing(up: int, down: int) -> FloatArray:
    rejection_db = 60.0
    cutoff = 1 / (2 * max(up, down))  # of the rate in between, with a roll-off of a tenth of it
    half = ceil((rejection_db - 8) / (28.714 * cutoff / 10))
    taps: FloatArray = np.sinc(2 * cutoff * np.arange(-half, half + 1)) * np.kaiser(
        2 * half + 1, 0.1102 * (rejection_db - 8.7)
    )
    taps /= taps.sum()
    return taps


def _score(trial: Trial, *, extended: bool) -> Outcome:
    signals, references = (_resample(waves, trial.sample_rate) for waves in (trial.signals, trial.references))
    return each_pair(
        replace(trial, signals=signals, references=references),
        lambda degraded, clean: _at_10_khz(degraded, clean, extended=extended),
        silence_is_defined=True,
    )


def score_stoi(trial: Trial) -> dict[str, Outcome]:
    """Metric family: STOI."""
    return {"stoi": _score(trial, extended=False)}


def score_estoi(trial: Trial) -> dict[str, Outcome]:
    """Metric family: extended STOI."""
    return {"estoi": _score(trial, extended=True)}
