"""Compressed complex spectral loss: magnitudes and phases compared on a scale nearer to the ear's.

    waves (batch, time) --STFT--> S (batch, bin, frame), complex --|S|^c S / |S|--> compressed, phase kept
        --(1 - w) ||S|^c - |E|^c|² + w |compressed S - compressed E|², mean over bins and frames--> (batch)

Source: Braun & Tashev, "A consolidated view of loss functions for supervised deep learning-based speech enhancement",
TSP 2021; after Ephrat et al., "Looking to listen at the cocktail party", ACM TOG 37(4), 2018 (c = 0.3).
Checked: tests/losses/test_compressed.py (NumPy reference, phase flips, gradients at silence).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from separate_cli.losses.checks import check_finite, check_same_shape

__all__ = ["SingleSrcCompressedSpectral"]

_EPS = 1e-8
"""Added to powers: the compression is infinitely steep at 0."""


class SingleSrcCompressedSpectral(nn.Module):
    """Compressed complex spectral loss of one source.

    Args:
        fft: FFT length, in samples.
        hop_samples: Hop; None for a quarter of ``fft``.
        compression: Exponent ``c`` of the magnitude, above 0 and at most 1.
        complex_weight: Share of the term that sees phase, from 0 to 1.

    >>> wave = torch.randn(1, 4000, generator=torch.Generator().manual_seed(0))
    >>> loss, blind = SingleSrcCompressedSpectral(), SingleSrcCompressedSpectral(complex_weight=0)
    >>> loss(wave, wave), bool(loss(-wave, wave) > 1), blind(-wave, wave)
    (tensor([0.]), True, tensor([0.]))
    """

    def __init__(
        self, fft: int = 512, hop_samples: int | None = None, compression: float = 0.3, complex_weight: float = 0.3
    ) -> None:
        super().__init__()
        if not 0 < compression <= 1 or not 0 <= complex_weight <= 1:
            raise ValueError(
                f"Expected compression in (0, 1] and complex_weight in [0, 1], got {compression} and {complex_weight}."
            )
        self.fft = fft
        self.hop_samples = hop_samples or fft // 4
        self.compression = compression
        self.complex_weight = complex_weight

    def forward(self, estimate: Tensor, reference: Tensor) -> Tensor:
        """Score ``estimate`` against ``reference``, both ``(batch, time)``; returns ``(batch)``.

        Raises:
            ValueError: If shapes, types or devices do not fit, or a value is NaN or infinite.
        """
        estimate, reference = check_same_shape(estimate, reference, axes="batch, time")
        waves = torch.cat([estimate, reference])
        window = torch.hann_window(self.fft, dtype=waves.dtype, device=waves.device)
        spectrum = torch.stft(
            waves, self.fft, self.hop_samples, window=window, pad_mode="constant", return_complex=True
        )
        power = torch.view_as_real(spectrum).square().sum(-1) + _EPS
        magnitudes = power ** (self.compression / 2)
        compressed = spectrum * power ** ((self.compression - 1) / 2)
        blind = _distance(*magnitudes.chunk(2))
        full = _distance(*torch.view_as_real(compressed).flatten(2).chunk(2)) * 2  # a complex value is two real ones
        return check_finite((1 - self.complex_weight) * blind + self.complex_weight * full, estimate, reference)


def _distance(estimate: Tensor, reference: Tensor) -> Tensor:
    return (estimate - reference).square().flatten(1).mean(1)
