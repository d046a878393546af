"""Decibels and signal-to-noise ratios.

    power ratio --power_to_db--> dB --db_to_power--> power ratio          (10 log10)
    amplitude   --amplitude_to_db--> dB --db_to_amplitude--> amplitude    (20 log10)

Checked: tests/dsp/test_ratios.py (round trips, known ratios, silence).
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["amplitude_to_db", "db_to_amplitude", "db_to_power", "noise_gain_for_snr", "power_to_db", "rms", "snr_db"]

_SILENCE = 1e-20
"""Power below which nothing is measured: -200 dB."""


def power_to_db(power: Tensor, *, floor: float = _SILENCE) -> Tensor:
    """``10 log10`` of a power, which is raised to ``floor`` first, so that silence stays finite.

    >>> power_to_db(torch.tensor([100.0, 1.0, 0.0]))
    tensor([  20.,    0., -200.])
    """
    return 10 * torch.log10(power.clamp(min=floor))


def amplitude_to_db(amplitude: Tensor, *, floor: float = _SILENCE**0.5) -> Tensor:
    """``20 log10`` of an amplitude's magnitude, which is raised to ``floor`` first.

    >>> amplitude_to_db(torch.tensor([10.0, -1.0]))
    tensor([20.,  0.])
    """
    return 20 * torch.log10(amplitude.abs().clamp(min=floor))


def db_to_power(level_db: Tensor | float) -> Tensor:
    """The power ratio of a level in dB."""
    return torch.as_tensor(10.0) ** (torch.as_tensor(level_db) / 10)


def db_to_amplitude(level_db: Tensor | float) -> Tensor:
    """The amplitude ratio of a level in dB.

    >>> db_to_amplitude(-20.0)
    tensor(0.1000)
    """
    return torch.as_tensor(10.0) ** (torch.as_tensor(level_db) / 20)


def rms(wav: Tensor, *, dim: int = -1, keepdim: bool = False) -> Tensor:
    """Root of the mean square along ``dim``."""
    return wav.square().mean(dim, keepdim=keepdim).sqrt()


def snr_db(signal: Tensor, noise: Tensor) -> Tensor:
    """Ratio of the energies of ``signal`` and ``noise``, both ``(..., time)``, in dB, ``(...)``.

    >>> snr_db(torch.ones(8), 0.1 * torch.ones(8))
    tensor(20.)
    """
    return power_to_db(signal.square().mean(-1)) - power_to_db(noise.square().mean(-1))


def noise_gain_for_snr(signal: Tensor, noise: Tensor, level_db: Tensor | float) -> Tensor:
    """The gain for ``noise`` that puts ``signal``, both ``(..., time)``, ``level_db`` above it; ``(...)``.

    Raises:
        ValueError: If there is no noise to scale.

    >>> noise_gain_for_snr(torch.ones(8), torch.ones(8), 20.0)
    tensor(0.1000)
    """
    level = rms(noise)
    if bool((level == 0).any()):
        raise ValueError("The noise is silent: no gain gives it a level.")
    return rms(signal) / level / db_to_amplitude(level_db)
