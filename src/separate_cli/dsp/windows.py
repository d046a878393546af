"""Windows, and the weights with which overlapping chunks add up to exactly one.

    taper(name, length) --overlap_weights(hop)--> weights (length); copies ``hop`` samples apart sum to one

Weights are a window over the sum of its overlapping copies (the "nonzero overlap-add" condition made an equality), so
that any window is exact at any hop. Tapers are positive everywhere, so that the sum never vanishes.

Source: Griffin & Lim, "Signal estimation from modified short-time Fourier transform", IEEE TASSP 32(2), 1984.
Checked: tests/dsp/test_windows.py (SciPy's windows; sums over every hop).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

__all__ = ["TAPERS", "overlap_weights", "taper"]

_FLOOR = 1e-8
"""Smallest value of a taper. Where only one chunk covers a sample, its weight becomes one, however small its taper."""

TAPERS: dict[str, Callable[[int], Tensor]] = {
    "boxcar": lambda n: torch.ones(n, dtype=torch.float64),
    "hann": lambda n: torch.signal.windows.hann(n, sym=False, dtype=torch.float64),
    "hanning": lambda n: torch.signal.windows.hann(n, sym=False, dtype=torch.float64),
    "sqrt_hann": lambda n: torch.signal.windows.hann(n, sym=False, dtype=torch.float64).sqrt(),
    "hamming": lambda n: torch.signal.windows.hamming(n, sym=False, dtype=torch.float64),
    "blackman": lambda n: torch.signal.windows.blackman(n, sym=False, dtype=torch.float64),
    "bartlett": lambda n: torch.signal.windows.bartlett(n, sym=False, dtype=torch.float64),
    "cosine": lambda n: torch.signal.windows.cosine(n, sym=False, dtype=torch.float64),
}
"""Periodic windows by the names that SciPy uses."""


def taper(name: str, length: int) -> Tensor:
    """The window called ``name``, ``(length)`` in float64, periodic and nowhere below 1e-8.

    Raises:
        ValueError: If the name is unknown or ``length`` is not positive.

    >>> taper("hann", 4)
    tensor([1.0000e-08, 5.0000e-01, 1.0000e+00, 5.0000e-01], dtype=torch.float64)
    """
    if name not in TAPERS:
        raise ValueError(f"Unknown window {name!r}; known are {', '.join(sorted(TAPERS))}.")
    if length < 1:
        raise ValueError(f"A window needs at least one sample, got {length}.")
    return TAPERS[name](length).clamp(min=_FLOOR)


def overlap_weights(window: Tensor, hop_samples: int, *, before: int | None = None, after: int | None = None) -> Tensor:
    """Weights of one chunk such that all chunks, ``hop_samples`` apart, sum to one at every sample.

    Args:
        window: Positive numbers, ``(length)``, the shape of the cross-fade.
        hop_samples: Samples between two chunks, 1 to ``length``.
        before: How many chunks there are before this one; None means as many as reach into it.
        after: How many chunks there are after this one; likewise.

    Returns:
        ``(length)``, as precise as ``window``. With ``before=0`` they start with ones, with ``after=0`` they end so.

    Raises:
        ValueError: If the hop leaves gaps between chunks, or the window is not 1-D and positive.

    >>> overlap_weights(taper("boxcar", 4), hop_samples=2).tolist()
    [0.5, 0.5, 0.5, 0.5]
    >>> overlap_weights(taper("boxcar", 4), hop_samples=3, before=0).tolist()
    [1.0, 1.0, 1.0, 0.5]
    """
    if window.ndim != 1 or not bool((window > 0).all()):
        raise ValueError(f"Expected a window of positive numbers, (length), got shape {tuple(window.shape)}.")
    length = len(window)
    if not 1 <= hop_samples <= length:
        raise ValueError(f"The hop must be 1 to {length} samples, the length of the window, got {hop_samples}.")
    reach = (length - 1) // hop_samples
    total = window.clone()
    for k in range(1, min(reach, reach if before is None else before) + 1):
        total[: length - k * hop_samples] += window[k * hop_samples :]
    for k in range(1, min(reach, reach if after is None else after) + 1):
        total[k * hop_samples :] += window[: length - k * hop_samples]
    return window / total
