"""What happens to a recording on its way: speed, level, colour, band, pauses, room, noise. One wave in, one out.

    wave (time) float32 --change_speed | change_level | colour | limit_band | mute_pauses | apply_room | ...--> same

No state and no drawing of numbers here: who calls decides the amounts.

Checked: tests/data/test_augment.py (exact signal-to-noise ratio, sine frequency after a change of speed, convolution).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from separate_cli.audio.resample import resample

__all__ = [
    "add_noise",
    "align_response",
    "apply_room",
    "change_level",
    "change_speed",
    "colour",
    "fit_length",
    "limit_band",
    "loop",
    "mute_pauses",
]

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


def colour(wave: Wave, gains_db: Sequence[float], *, sample_rate: float, n_taps: int = 257) -> Wave:
    """Equalise ``wave``, as another microphone or another voice would: no delay, smooth between the given points.

    Args:
        wave: ``(time)``.
        gains_db: Gains at octaves: the last at half the sample rate, the one before an octave lower, and so on.
        sample_rate: In Hz.
        n_taps: Length of the linear-phase filter; odd.
    """
    from scipy.signal import firwin2, oaconvolve

    octaves = sample_rate / 2.0 ** np.arange(len(gains_db), 0, -1)
    gains = 10 ** (np.asarray([gains_db[0], *gains_db]) / 20)
    taps = firwin2(n_taps, [0.0, *octaves], gains, fs=sample_rate)
    coloured: Wave = oaconvolve(wave, taps)[n_taps // 2 : n_taps // 2 + len(wave)].astype(np.float32)
    return coloured


def limit_band(waves: Wave, share: float, *, n_taps: int) -> Wave:
    """Fade out the highest frequencies, as a converter of sample rates does: no delay.

    Args:
        waves: ``(signal, time)``.
        share: Of half the sample rate; there the filter is 6 dB down. Above 0, below 1.
        n_taps: Length of the linear-phase filter; odd. A longer one fades more suddenly.

    >>> bool(abs(limit_band(np.ones((1, 99), np.float32), 0.5, n_taps=9)[0, 49] - 1) < 1e-6)
    True
    """
    from scipy.signal import firwin, oaconvolve

    taps = firwin(n_taps, share)[np.newaxis]
    limited: Wave = oaconvolve(waves, taps, mode="same", axes=1).astype(np.float32)
    return limited


def mute_pauses(wave: Wave, *, below_db: float, frame: int) -> Wave:
    """Digital silence where a recording is quieter than ``below_db`` relative to its loudest frame, as gates leave it.

    >>> mute_pauses(np.array([1, 1, 0.001, 0.001, 1], np.float32), below_db=-40, frame=2)
    array([1., 1., 0., 0., 1.], dtype=float32)
    """
    frames = np.pad(wave, (0, -len(wave) % frame)).reshape(-1, frame)
    energy = np.mean(frames.astype(np.float64) ** 2, axis=1)
    muted = frames * (energy > energy.max(initial=0.0) * 10 ** (below_db / 10))[:, np.newaxis]
    quiet: Wave = muted.reshape(-1)[: len(wave)].astype(np.float32)
    return quiet


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
