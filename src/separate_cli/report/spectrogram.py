"""Spectrograms side by side, as a PNG: what a recording was and what it became.

{title: wave (time)} --STFT, dB below the common peak--> one panel a wave, same axes, same colours
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from separate_cli.files import atomic_path

__all__ = ["save_spectrograms"]

_WINDOW_SECONDS = 0.032
_RANGE_DB = 80.0


def save_spectrograms(path: Path, waves: Mapping[str, Any], *, sample_rate: int, title: str = "") -> None:
    """Draw one spectrogram a wave, below each other, and write them to ``path``.

    Args:
        path: Ends in ``.png``.
        waves: Title of the panel → samples, ``(time)``.
        sample_rate: In Hz, of all waves.
        title: Above the picture.

    Raises:
        ValueError: If there is no wave.
        OutputError: If the file cannot be written.
    """
    if not waves:
        raise ValueError("Expected at least one wave.")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    levels = {name: _level_db(np.asarray(wave, dtype=np.float64), sample_rate) for name, wave in waves.items()}
    peak_db = max(float(level.max()) for level in levels.values())
    figure = Figure(figsize=(9.0, 2.2 * len(levels) + 0.6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(levels), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    for axis, (name, level) in zip(axes, levels.items(), strict=True):
        seconds = np.asarray(waves[name]).shape[-1] / sample_rate
        image = axis.imshow(
            level - peak_db,
            origin="lower",
            aspect="auto",
            extent=(0.0, seconds, 0.0, sample_rate / 2000.0),
            vmin=-_RANGE_DB,
            vmax=0.0,
            cmap="magma",
        )
        axis.set_title(name, loc="left", fontsize=10)
        axis.set_ylabel("frequency (kHz)")
    axes[-1].set_xlabel("time (s)")
    figure.colorbar(image, ax=list(axes), label="level (dB below the peak)")
    if title:
        figure.suptitle(title)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=110, format="png")


def _level_db(wave: np.ndarray[Any, np.dtype[np.float64]], sample_rate: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Power in dB of a Hann-windowed STFT, ``(frequency, frame)``, floored far below anything visible."""
    size = max(16, round(_WINDOW_SECONDS * sample_rate))
    padded = np.pad(wave, (0, max(0, size - wave.shape[-1])))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[:: size // 4]
    power = np.abs(np.fft.rfft(frames * np.hanning(size), axis=-1)) ** 2
    level: np.ndarray[Any, np.dtype[np.float64]] = 10.0 * np.log10(power.T + 1e-20)
    return level
