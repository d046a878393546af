"""Voice activity: where the energy is, and decisions that do not flicker.

    magnitude spectrogram (..., freq, frame) --ebased_vad--> active bins
    activity (..., time) --Binarize--> 0 or 1, no stretch shorter than ``stability`` seconds inside

Checked: tests/dsp/test_vad.py (a loop in plain Python over every short pattern, golden patterns).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["Binarize", "ebased_vad"]


def ebased_vad(mag_spec: Tensor, th_db: float = 40) -> Tensor:
    """Bins that are less than ``th_db`` below the loudest bin.

    Args:
        mag_spec: Magnitudes, ``(..., freq, frame)``.
        th_db: Range below the loudest bin of each spectrogram, in dB.

    Returns:
        Booleans, ``(..., freq, frame)``; all False for silence.

    Raises:
        ValueError: If there are no frequency and frame axes.

    Source: Yu et al., "Permutation invariant training of deep models", ICASSP 2017 (bins used in training).

    >>> ebased_vad(torch.tensor([[1.0, 0.02, 0.001]]), th_db=40)
    tensor([[ True,  True, False]])
    """
    if mag_spec.ndim < 2:
        raise ValueError(f"Expected magnitudes of shape (..., freq, frame), got {tuple(mag_spec.shape)}.")
    return mag_spec > mag_spec.amax((-2, -1), keepdim=True) * 10 ** (-th_db / 20)


class Binarize(nn.Module):
    """Turn probabilities of activity into steady decisions.

    Runs above or below the threshold that last at least ``stability`` stand. Shorter runs in a row count as one
    stretch: if the stretch is long enough, its majority decides (a tie is inactive), else it goes on like what was
    before (inactive at the start). An input without any change stays as it is, however short.

    Args:
        threshold: Active is above it.
        stability: Shortest steady run in seconds.
        sample_rate: Values per second.

    Raises:
        ValueError: If ``stability`` is negative or ``sample_rate`` not positive.

    >>> Binarize(threshold=0.5, stability=0.3, sample_rate=10)(torch.tensor([0.1, 0.9, 0.9, 0.8, 0.2, 0.9, 0.9, 0.9]))
    tensor([0., 1., 1., 1., 1., 1., 1., 1.])
    """

    def __init__(self, threshold: float = 0.5, stability: float = 0.1, sample_rate: float = 8000) -> None:
        super().__init__()
        if stability < 0 or sample_rate <= 0:
            raise ValueError(f"Expected stability >= 0 s and a positive rate, got {stability} and {sample_rate}.")
        self.threshold = threshold
        self.stability = stability
        self.sample_rate = sample_rate

    def forward(self, x: Tensor) -> Tensor:
        """Decide for every value of ``x``, ``(..., time)``.

        Returns:
            0 or 1 in the type of ``x``, same shape.
        """
        active = (x > self.threshold).reshape(-1, x.shape[-1])
        rows = [self._steady(row) for row in active]
        return torch.stack(rows).reshape(x.shape).to(x.dtype) if rows else torch.zeros_like(x)

    def _steady(self, row: Tensor) -> Tensor:
        shortest = int(self.stability * self.sample_rate)
        values, lengths = torch.unique_consecutive(row, return_counts=True)
        if len(values) < 2:
            return row
        stretches: list[tuple[int, int]] = []  # (active values, length)
        growing = False
        for value, length in zip(values.tolist(), lengths.tolist(), strict=True):
            short = length < shortest
            count, before = stretches.pop() if short and growing else (0, 0)
            stretches.append((count + length * value, before + length))
            growing = short
        state, states = 0, []
        for count, length in stretches:
            state = int(2 * count > length) if length >= shortest else state
            states.append(state)
        lengths = torch.tensor([length for _, length in stretches])
        return torch.repeat_interleave(torch.tensor(states), lengths).to(row.device)
