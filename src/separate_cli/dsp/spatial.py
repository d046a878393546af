"""What two microphones hear differently: sliding correlation, phase and level differences.

    waves (batch, channel, time), short waves (batch, channel, window) --xcorr--> (batch, channel, time - window + 1)
    spectra (batch, mic, freq, frame), complex --phase_differences--> (batch, 2 * pair, freq, frame)

Checked: tests/dsp/test_spatial.py (NumPy's correlation, a delayed plane wave).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["level_differences", "phase_differences", "xcorr"]


def xcorr(inp: Tensor, ref: Tensor, normalized: bool = True, eps: float = 1e-8) -> Tensor:
    """Correlation of a short wave with every stretch of a longer one.

    Args:
        inp: The longer waves, ``(batch, channel, time)``.
        ref: The shorter waves, ``(batch, channel, window)`` or ``(batch, 1, window)``.
        normalized: Divide by both norms: cosine similarity, -1 to 1.
        eps: Added to the product of the norms.

    Returns:
        ``(batch, channel, time - window + 1)``.

    Raises:
        ValueError: If the shapes do not fit, or ``ref`` is the longer.

    Source: Luo et al., "End-to-end microphone permutation and number invariant multi-channel speech separation",
    ICASSP 2020, eq. 5.

    >>> xcorr(torch.tensor([[[1.0, 0.0, 2.0, 0.0]]]), torch.tensor([[[0.0, 3.0]]]))
    tensor([[[0., 1., 0.]]])
    """
    if inp.ndim != 3 or ref.ndim != 3 or ref.shape[0] != inp.shape[0] or ref.shape[1] not in {1, inp.shape[1]}:
        got = f"{tuple(inp.shape)} and {tuple(ref.shape)}"
        raise ValueError(f"Expected (batch, channel, time) and (batch, channel or 1, window), got {got}.")
    window = ref.shape[-1]
    if window > inp.shape[-1]:
        raise ValueError(f"Expected the second to be the shorter, got {inp.shape[-1]} and {window} samples.")
    kernels = ref.expand(-1, inp.shape[1], -1).reshape(-1, 1, window)
    rows = inp.reshape(1, -1, inp.shape[-1])  # (1, batch * channel, time)
    products = functional.conv1d(rows, kernels, groups=len(kernels)).reshape(*inp.shape[:2], -1)
    if not normalized:
        return products
    energy = functional.avg_pool1d(inp.square(), window, stride=1) * window
    # The floor keeps the gradient of the root finite in silence; it is far below eps.
    norms = energy.clamp(min=1e-24).sqrt() * ref.square().sum(-1, keepdim=True).clamp(min=1e-24).sqrt()
    return products / (norms + eps)


def phase_differences(spectra: Tensor, pairs: Sequence[tuple[int, int]] = ((0, 1),)) -> Tensor:
    """Cosine and sine of the phase difference between microphones.

    Args:
        spectra: Complex, ``(batch, mic, freq, frame)``.
        pairs: Which microphones to compare: the first's phase minus the second's.

    Returns:
        ``(batch, 2 * pair, freq, frame)``: the cosines of all pairs, then the sines; cosine 0 and sine 0 in silence.

    Raises:
        ValueError: If ``spectra`` is not complex and 4-D, or there is no pair.

    Source: Wang et al., "Multi-channel deep clustering", ICASSP 2018, eq. 6.

    >>> phase_differences(torch.tensor([1j, 1.0]).reshape(1, 2, 1, 1)).flatten()
    tensor([0., 1.])
    """
    first, second = _pairs_of(spectra, pairs)
    cross = first * second.conj()
    unit = cross / torch.where(cross.abs() > 0, cross.abs(), 1)
    return torch.cat([unit.real, unit.imag], dim=1)


def level_differences(spectra: Tensor, pairs: Sequence[tuple[int, int]] = ((0, 1),), *, floor: float = 1e-8) -> Tensor:
    """Level of the first microphone above the second, in dB.

    Args:
        spectra: Complex, ``(batch, mic, freq, frame)``.
        pairs: Which microphones to compare.
        floor: Magnitude to which both are raised.

    Returns:
        ``(batch, pair, freq, frame)``.

    Raises:
        ValueError: If ``spectra`` is not complex and 4-D, or there is no pair.

    >>> level_differences(torch.tensor([10j, 1.0]).reshape(1, 2, 1, 1)).flatten()
    tensor([20.])
    """
    first, second = _pairs_of(spectra, pairs)
    return 20 * torch.log10(first.abs().clamp(min=floor) / second.abs().clamp(min=floor))


def _pairs_of(spectra: Tensor, pairs: Sequence[tuple[int, int]]) -> tuple[Tensor, Tensor]:
    if spectra.ndim != 4 or not spectra.is_complex() or not pairs:
        got = f"{spectra.dtype} {tuple(spectra.shape)} and {len(pairs)} pairs"
        raise ValueError(f"Expected complex spectra (batch, mic, freq, frame) and at least one pair, got {got}.")
    first, second = zip(*pairs, strict=True)
    return spectra[:, list(first)], spectra[:, list(second)]
