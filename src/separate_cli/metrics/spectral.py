"""Log-spectral distance: how far two spectrograms are apart in dB, level included.

    wave (time) --512-point Hann STFT, hop 256--> power (frame, bin) --dB, floored--> rms over bins --> mean over frames

The floor is 60 dB below the highest bin of the *reference's* spectrogram, for both signals: what neither listener nor
loss hears does not count, and the estimate cannot move its own floor.

Source: Gray & Markel, "Distance measures for speech processing", TASSP 24(5), 1976 (rms log spectral measure).
Checked: tests/metrics/test_spectral.py (definition written out frame by frame, closed forms).
"""

from __future__ import annotations

import numpy as np

from separate_cli.metrics.waves import FloatArray, Outcome, Trial, Undefined, each_pair

__all__ = ["FLOOR_DB", "log_spectral_distance", "score_lsd"]

FLOOR_DB = 60.0
_WINDOW, _HOP = 512, 256


def log_spectral_distance(estimate: FloatArray, reference: FloatArray) -> float:
    """Log-spectral distance in dB; 0 is equal, lower is better.

    Args:
        estimate: ``(time)``.
        reference: ``(time)``, same length; shorter than one window is padded with zeros.

    Raises:
        Undefined: If the reference is silent.

    >>> rng = np.random.default_rng(0)
    >>> noise = rng.standard_normal(8000)
    >>> round(log_spectral_distance(10 ** (-3 / 20) * noise, noise), 2)  # all bins 3 dB lower
    3.0
    """
    reference_power = _power(reference)  # (frame, bin)
    floor = reference_power.max() * 10 ** (-FLOOR_DB / 10)
    if floor == 0:
        raise Undefined("The reference is silent.")
    levels = [10 * np.log10(np.maximum(power, floor)) for power in (_power(estimate), reference_power)]
    return float(np.sqrt(np.mean((levels[0] - levels[1]) ** 2, axis=1)).mean())


def _power(wave: FloatArray) -> FloatArray:
    """Power spectrogram of all whole frames, ``(frame, bin)``."""
    wave = np.pad(wave, (0, max(0, _WINDOW - len(wave))))
    frames = np.lib.stride_tricks.sliding_window_view(wave, _WINDOW)[::_HOP]  # (frame, sample)
    window = np.hanning(_WINDOW + 1)[:-1]
    spectrum = np.fft.rfft(frames * window)
    return spectrum.real**2 + spectrum.imag**2


def score_lsd(trial: Trial) -> dict[str, Outcome]:
    """Metric family: log-spectral distance; a silent estimate has one, a silent reference has none."""
    return {"lsd": each_pair(trial, log_spectral_distance, silence_is_defined=True)}
