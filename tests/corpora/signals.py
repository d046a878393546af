"""Invented sounds for tiny corpora."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

Wave = NDArray[np.float64]


def voice(seed: int, frames: int, *, rate: int = 16000) -> Wave:
    """A buzz with a melody and pauses, a little like speech, ``(time)``."""
    rng = np.random.default_rng(seed)
    time = np.arange(frames) / rate
    pitch_hz = (90 + 20 * (seed % 7)) * (1 + 0.1 * np.sin(2 * np.pi * 2.5 * time + seed))
    phase = 2 * np.pi * np.cumsum(pitch_hz) / rate
    buzz = sum(np.sin(k * phase + k) / k for k in range(1, 12))
    loudness = 0.02 + np.sin(2 * np.pi * 1.7 * time + seed) ** 2
    wave: Wave = 0.1 * loudness * (buzz + 0.2 * rng.standard_normal(frames))
    return wave


def hiss(seed: int, frames: int, channels: int = 1) -> Wave:
    """Noise that changes its colour and level, ``(time, channel)``."""
    rng = np.random.default_rng([seed, 1])
    white = rng.standard_normal((frames + 8, channels))
    smooth = np.stack([np.convolve(column, np.ones(9) / 9, "valid") for column in white.T], axis=1)
    wave: Wave = 0.1 * smooth * (1 + 0.5 * np.sin(np.arange(frames) / 3000 + seed))[:, None]
    return wave


def write(path: Path, wave: Wave, rate: int = 16000, **options: str) -> Path:
    """Write a sound, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, wave, rate, **options)
    return path
