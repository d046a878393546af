"""Multi-resolution STFT loss: spectral convergence and log magnitudes, as vocoders and enhancers are trained.

    waves (batch, time) --STFT, for each resolution--> magnitudes (batch, bin, frame)
        --| |S| - |E| | / |S|  (Frobenius)  +  mean |log |S| - log |E||--> mean over resolutions (batch)

Source: Yamamoto et al., "Parallel WaveGAN", ICASSP 2020, section 2.2, table of STFT parameters.
Checked: tests/losses/test_multi_resolution.py (NumPy reference, gradients at silence).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from separate_cli.losses.checks import check_finite, check_same_shape

__all__ = ["SingleSrcMultiResolutionSTFT"]

_LEAST_POWER = 1e-7


class SingleSrcMultiResolutionSTFT(nn.Module):
    """Multi-resolution STFT loss of one source.

    Args:
        resolutions: ``(fft, hop, window)`` of each resolution, in samples.
        magnitude_weight: Weight of the log-magnitude term.

    >>> wave = torch.randn(1, 4000, generator=torch.Generator().manual_seed(0))
    >>> loss = SingleSrcMultiResolutionSTFT()
    >>> loss(wave, wave), (loss(0.5 * wave, wave) - 0.5).exp().round(decimals=2)  # 0.5 from each term's own view
    (tensor([0.]), tensor([2.]))
    """

    def __init__(
        self,
        resolutions: Sequence[tuple[int, int, int]] = ((512, 50, 240), (1024, 120, 600), (2048, 240, 1200)),
        magnitude_weight: float = 1.0,
    ) -> None:
        super().__init__()
        if not resolutions or any(not 0 < hop <= window <= fft for fft, hop, window in resolutions):
            raise ValueError(f"Expected resolutions (fft >= window >= hop > 0), got {tuple(resolutions)}.")
        self.resolutions = tuple(tuple(resolution) for resolution in resolutions)
        self.magnitude_weight = magnitude_weight

    def forward(self, estimate: Tensor, reference: Tensor) -> Tensor:
        """Score ``estimate`` against ``reference``, both ``(batch, time)``; returns ``(batch)``.

        Raises:
            ValueError: If shapes, types or devices do not fit, or a value is NaN or infinite.
        """
        estimate, reference = check_same_shape(estimate, reference, axes="batch, time")
        waves = torch.cat([estimate, reference])
        loss = torch.stack([self._distance(waves, *resolution) for resolution in self.resolutions]).mean(0)
        return check_finite(loss, estimate, reference)

    def _distance(self, waves: Tensor, fft: int, hop: int, window: int) -> Tensor:
        taper = torch.hann_window(window, dtype=waves.dtype, device=waves.device)
        spectrum = torch.stft(waves, fft, hop, window, window=taper, pad_mode="constant", return_complex=True)
        power = torch.view_as_real(spectrum).square().sum(-1)  # (2 * batch, bin, frame)
        estimate, reference = power.clamp(min=_LEAST_POWER).sqrt().flatten(1).chunk(2)
        apart: Tensor = torch.linalg.vector_norm(reference - estimate, dim=1)
        size: Tensor = torch.linalg.vector_norm(reference, dim=1)
        magnitude: Tensor = (reference.log() - estimate.log()).abs().mean(1)
        return apart / size + self.magnitude_weight * magnitude
