"""What happens to a recording before a microphone hears it: speed, level, room, noise. One wave in, one out.

    wave (time) float32 --change_speed | change_level | apply_room | add_noise--> wave (time') float32

No state and no drawing of numbers here: who calls decides the amounts.

Checked: tests/data/test_augment.py (exact signal-to-noise ratio, sine frequency after a change of speed, convolution).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from separate_cli.audio.resample import resample

__all__ = ["add_noise", "align_response", "apply_room", "change_level", "change_speed", "fit_length", "loop"]

Wave = NDArray[np.float32]


def change_speed(wave: Wave, factor: float, *, in_rate: float, out_rate: float) -> Wave:
    """Play ``wave`` ``factor`` times as fast (the pitch moves with it) and convert its sample rate, in one step.

    >>> len(change_speed(np.zeros(1600, np.float32), 2.0, in_rate=8000, out_rate=16000))
    1600
    """
    changed: Wave = resample(wave[np.newaxis], in_rate * factor, out_rate)[0]
    return changed


def change_level(wave: Wave, gain_db: float) -> Wave:
    """Amplify by ``gain_db``."""
    changed: Wave = wave * np.float32(10 ** (gain_db / 20))
    return changed


def align_response(response: Wave, *, max_frames: int) -> Wave:
    """A room response from its strongest sample (the direct sound) on, cut to ``max_frames``, with energy 1.

    A wave that is convolved with it stays in time, and at about its level.

    Raises:
        ValueError: If the response is silent.
    """
    start = int(np.argmax(np.abs(response)))
    cut = response[start : start + max_frames].astype(np.float64)
    energy = float(np.sum(cut**2))
    if energy == 0:
        raise ValueError("Expected a room response, got silence.")
    aligned: Wave = (cut / np.sqrt(energy)).astype(np.float32)
    return aligned


def apply_room(wave: Wave, response: Wave) -> Wave:
    """Convolve ``wave`` with an aligned ``response``; what rings on after its end is cut off.

    >>> apply_room(np.array([1, 0, 0], np.float32), np.array([1, 0.5], np.float32)).round(6)
    array([1. , 0.5, 0. ], dtype=float32)
    """
    from scipy.signal import oaconvolve

    wet: Wave = oaconvolve(wave, response)[: len(wave)]
    return wet


def add_noise(speech: Wave, noise: Wave, *, snr_db: float) -> Wave:
    """Add ``noise``, as long as ``speech``, at exactly ``snr_db``. If either is silent, nothing is added."""
    speech_energy, noise_energy = (float(np.sum(wave.astype(np.float64) ** 2)) for wave in (speech, noise))
    if speech_energy == 0 or noise_energy == 0:
        return speech
    scale = np.sqrt(speech_energy / noise_energy * 10 ** (-snr_db / 10))
    noisy: Wave = speech + noise * np.float32(scale)
    return noisy


def loop(wave: Wave, n_samples: int, *, start: int) -> Wave:
    """``n_samples`` of ``wave``, repeated for ever, from ``start`` on.

    >>> loop(np.array([1, 2, 3], np.float32), 5, start=2)
    array([3., 1., 2., 3., 1.], dtype=float32)
    """
    return wave[(start + np.arange(n_samples)) % len(wave)]


def fit_length(wave: Wave, n_samples: int) -> Wave:
    """The first ``n_samples``; silence at the end where there are fewer.

    >>> fit_length(np.array([1, 2], np.float32), 3)
    array([1., 2., 0.], dtype=float32)
    """
    return np.pad(wave[:n_samples], (0, max(0, n_samples - len(wave))))
