"""BSS-eval version 4, framewise, for music: SDR, ISR, SIR and SAR of multichannel images.

    signals, references (source, channel, time) --filters of the whole track--> per frame of 1 s:
    SDR = |s|² / |ŝ - s|²   ISR = |s|² / |P_j - s|²   SIR = |P_j|² / |P - P_j|²   SAR = |P|² / |ŝ - P|²

P_j is the projection of estimate ŝ on all channels of its reference s and their delays, P on those of all references.
The filters are fitted once on the whole track; the score of a track is the median over its frames.

Source: Stöter, Liutkus & Ito, "The 2018 Signal Separation Evaluation Campaign", LVA/ICA 2018.
Checked: tests/metrics/test_music.py (values of museval 0.4.1 and mir_eval 0.8.2).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from separate_cli.metrics.bss import FILTER_TAPS
from separate_cli.metrics.projection import DelayedRows, filtered_sum
from separate_cli.metrics.ratios import decibels
from separate_cli.metrics.waves import FloatArray, Outcome, Trial, Undefined

__all__ = ["MUSIC_METRICS", "bss_eval_images", "score_music"]

MUSIC_METRICS = ("sdr_v4", "isr_v4", "sir_v4", "sar_v4")


def bss_eval_images(
    signals: FloatArray,
    references: FloatArray,
    pairs: Sequence[tuple[int, int]] | None = None,
    *,
    window_samples: int | None = None,
    hop_samples: int | None = None,
    filter_taps: int = FILTER_TAPS,
) -> FloatArray:
    """SDR, ISR, SIR and SAR, in dB, of chosen pairs in every frame.

    Args:
        signals: Signals to score, ``(signal, channel, time)``; none silent.
        references: All clean signals, ``(reference, channel, time)``; none silent.
        pairs: Which signal is scored as which reference; default: the i-th as the i-th.
        window_samples: Length of a frame; default: the whole signal. An incomplete last frame is left out.
        hop_samples: From frame to frame; default: ``window_samples``.
        filter_taps: Length of the distortion filters, in samples.

    Returns:
        ``(4, pair, frame)``: SDR, ISR, SIR, SAR; NaN in frames where any signal or reference is silent.

    >>> rng = np.random.default_rng(0)
    >>> references = rng.standard_normal((2, 2, 8000))
    >>> bss_eval_images(references + 0.1 * references[::-1], references, window_samples=4000)[0].round()
    array([[20., 20.],
           [20., 20.]])
    """
    pairs = pairs if pairs is not None else [(index, index) for index in range(len(signals))]
    channels, time = references.shape[1:]
    window = min(window_samples or time, time)
    starts = range(0, time - window + 1, hop_samples or window)

    space = DelayedRows(references.reshape(-1, time), taps=filter_taps)
    on_all = space.filters(signals.reshape(-1, time)).reshape(len(signals), channels, -1, filter_taps)
    own_rows = [list(range(reference * channels, (reference + 1) * channels)) for reference in range(len(references))]
    on_own: dict[tuple[int, int], FloatArray] = {}  # (channel, channel, tap) each
    for reference in sorted({pair[1] for pair in pairs}):
        used = [pair for pair in pairs if pair[1] == reference]
        filters = space.filters(signals[[pair[0] for pair in used]].reshape(-1, time), own_rows[reference])
        on_own |= dict(zip(used, filters.reshape(len(used), channels, channels, filter_taps), strict=True))

    scores = np.full((4, len(pairs), len(starts)), np.nan)
    for frame, start in enumerate(starts):
        heard, clean = (waves[..., start : start + window] for waves in (signals, references))
        if not (heard.any(axis=(1, 2)).all() and clean.any(axis=(1, 2)).all()):
            continue
        rows = clean.reshape(-1, window)
        for index, (signal, reference) in enumerate(pairs):
            whole = filtered_sum(rows, on_all[signal])  # (channel, time + taps - 1)
            own = filtered_sum(rows[own_rows[reference]], on_own[signal, reference]) if len(references) > 1 else whole
            scores[:, index, frame] = _ratios(heard[signal], clean[reference], own, whole)
    return scores


def _ratios(signal: FloatArray, clean: FloatArray, own: FloatArray, whole: FloatArray) -> list[float]:
    """SDR, ISR, SIR and SAR of one frame, from ``(channel, time)`` waves and projections."""
    tail = ((0, 0), (0, own.shape[1] - clean.shape[1]))
    signal, clean = np.pad(signal, tail), np.pad(clean, tail)
    ratios = ((clean, signal - clean), (clean, own - clean), (own, whole - own), (whole, signal - whole))
    return [decibels(float(np.vdot(good, good)), float(np.vdot(bad, bad))) for good, bad in ratios]


def score_music(trial: Trial) -> dict[str, Outcome]:
    """Metric family: BSS-eval v4, median over frames of one second. Accepts ``(signal, channel, time)``."""
    signals, references = (waves if waves.ndim == 3 else waves[:, None] for waves in (trial.signals, trial.references))
    for name, waves in (("scored signals", signals), ("references", references)):
        if not waves.any(axis=(1, 2)).all():
            raise Undefined(f"One of the {name} is silent; BSS-eval v4 has no value then.")
    frames = bss_eval_images(signals, references, trial.pairs, window_samples=trial.sample_rate)
    known = ~np.isnan(frames).all(axis=(0, 1))  # (frame)
    if not known.any():
        raise Undefined("In every frame one of the signals is silent; BSS-eval v4 has no value then.")
    medians = np.median(frames[..., known], axis=-1)  # (4, pair)
    return {name: Outcome(values) for name, values in zip(MUSIC_METRICS, medians, strict=True)}
