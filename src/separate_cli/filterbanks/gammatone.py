"""Multi-phase gammatone filterbank: fixed filters that resemble what Conv-TasNet learns.

    24 centre frequencies, one ERB apart from 100 Hz --phases, and each phase's negative--> (n_filters, 1, kernel)

Source: Ditter & Gerkmann, "A multi-phase gammatone filterbank for speech separation via TasNet", ICASSP 2020.
Checked: tests/filterbanks/test_gammatone.py (golden numbers, equal energies, centre frequencies).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from separate_cli.filterbanks.base import Filterbank
from separate_cli.filterbanks.catalogue import FILTERBANKS

__all__ = ["MultiphaseGammatoneFB"]

Array = np.ndarray[Any, np.dtype[np.float64]]

_EAR_Q, _MIN_BANDWIDTH_HZ = 9.265, 24.7  # Glasberg & Moore 1990
_N_CENTRES, _LOWEST_HZ, _ORDER = 24, 100.0, 2


@FILTERBANKS.add("multiphase_gammatone", "mpgtf")
class MultiphaseGammatoneFB(Filterbank):
    """Gammatone filters in several phases, of equal energy, not learned.

    Args:
        n_filters: Even; shared out evenly among 24 centre frequencies, low ones first.
        kernel_size: Length of a filter in samples.
        sample_rate: In Hz.
        stride: Samples between two frames; half the kernel unless given.

    Raises:
        ValueError: If ``n_filters`` is odd.

    >>> MultiphaseGammatoneFB(n_filters=128, kernel_size=16).filters().shape
    torch.Size([128, 1, 16])
    """

    _filters: Tensor

    def __init__(
        self, n_filters: int = 128, kernel_size: int = 16, sample_rate: float = 8000.0, stride: int | None = None
    ) -> None:
        super().__init__(n_filters, kernel_size, stride=stride, sample_rate=sample_rate)
        if self.n_filters % 2:
            raise ValueError(f"n_filters must be even, because every filter has a negative, got {n_filters}.")
        times = np.arange(1, self.kernel_size + 1) / sample_rate
        self.register_buffer("_filters", torch.from_numpy(_multiphase(times, self.n_filters)).float().unsqueeze(1))

    def filters(self) -> Tensor:
        """The gammatones, ``(n_filters, 1, kernel)``; by centre, phases first, then their negatives."""
        return self._filters


def _multiphase(times: Array, n_filters: int) -> Array:
    share, rest = divmod(n_filters // 2, _N_CENTRES)
    rows: list[Array] = []
    for index, centre in enumerate(_centres()):
        phases = share + (index < rest)
        tones = [_gammatone(times, centre, math.pi * phase / phases) for phase in range(phases)]
        rows += [*tones, *(-tone for tone in tones)]
    bank = np.stack(rows)
    power = np.sqrt(np.mean(bank**2, axis=1, keepdims=True))
    equalised: Array = bank * (power.max() / power)
    return equalised


def _centres() -> Array:
    """Centre frequencies in Hz, one step of the ERB-rate scale apart."""
    corner = _EAR_Q * _MIN_BANDWIDTH_HZ
    rates = _EAR_Q * np.log1p(_LOWEST_HZ / corner) + np.arange(_N_CENTRES)
    centres: Array = np.expm1(rates / _EAR_Q) * corner
    return centres


def _gammatone(times: Array, centre_hz: float, phase: float) -> Array:
    """Impulse response of order 2 at ``times`` in seconds; the phase turns the carrier, not the envelope."""
    bandwidth = _MIN_BANDWIDTH_HZ + 0.108 * centre_hz
    double = 2 * _ORDER - 2
    spread = math.pi * math.factorial(double) * 2.0**-double / math.factorial(_ORDER - 1) ** 2
    envelope = times ** (_ORDER - 1) * np.exp(-2 * math.pi * bandwidth / spread * times)
    response: Array = envelope * np.cos(2 * math.pi * centre_hz * times + phase)
    return response
