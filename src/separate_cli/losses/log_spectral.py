"""Log-spectral distance as a loss: how many dB two spectra are apart, at several resolutions.

    waves (batch, time) --STFT, for each FFT length--> power (batch, bin, frame), raised by a floor below the peak
        --difference in dB, root mean square over bins, mean over frames and resolutions--> (batch)

The floor makes it usable in training: without it the quietest bins, which nobody hears, decide.

Source: Gray & Markel, "Distance measures for speech processing", IEEE TASSP 24(5), 1976 (the L2 norm of log spectra).
Differs: several resolutions; powers are raised by ``floor_db`` relative to the reference's strongest bin.
Checked: tests/losses/test_log_spectral.py (NumPy reference, known gains, floor, gradients at equality and silence).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from separate_cli.losses.checks import check_finite, check_same_shape

__all__ = ["SingleSrcLogSpectralDistance"]

_SILENCE = 1e-12
"""Power that is added to all bins, so that two silent signals are 0 dB apart."""


class SingleSrcLogSpectralDistance(nn.Module):
    """Log-spectral distance of one source, in dB.

    Args:
        ffts: FFT length of each resolution, in samples; the hop is a quarter of it.
        floor_db: Level that is added to both power spectra, in dB relative to the reference's strongest bin.

    Raises:
        ValueError: If an FFT is shorter than 4 samples.

    >>> wave = torch.randn(1, 4000, generator=torch.Generator().manual_seed(0))
    >>> SingleSrcLogSpectralDistance(floor_db=-120)(10 * wave, wave).round(decimals=2)
    tensor([20.])
    """

    def __init__(self, ffts: Sequence[int] = (256, 512, 1024), floor_db: float = -60.0) -> None:
        super().__init__()
        if not ffts or min(ffts) < 4:
            raise ValueError(f"Expected FFT lengths of at least 4 samples, got {tuple(ffts)}.")
        self.ffts = tuple(ffts)
        self.floor_db = floor_db

    def forward(self, estimate: Tensor, reference: Tensor) -> Tensor:
        """Score ``estimate`` against ``reference``, both ``(batch, time)``; returns ``(batch)``.

        Raises:
            ValueError: If shapes, types or devices do not fit, or a value is NaN or infinite.
        """
        estimate, reference = check_same_shape(estimate, reference, axes="batch, time")
        waves = torch.cat([estimate, reference])
        loss = torch.stack([self._distance(waves, fft) for fft in self.ffts]).mean(0)
        return check_finite(loss, estimate, reference)

    def _distance(self, waves: Tensor, fft: int) -> Tensor:
        window = torch.hann_window(fft, dtype=waves.dtype, device=waves.device)
        spectrum = torch.stft(waves, fft, fft // 4, window=window, pad_mode="constant", return_complex=True)
        power = torch.view_as_real(spectrum).square().sum(-1)  # (2 * batch, bin, frame)
        estimate, reference = power.chunk(2)
        floor = reference.detach().amax((1, 2), keepdim=True) * 10 ** (self.floor_db / 10) + _SILENCE
        apart = 10 * ((estimate + floor).log10() - (reference + floor).log10())
        root_mean_square: Tensor = torch.linalg.vector_norm(apart, dim=1) / apart.shape[1] ** 0.5  # (batch, frame)
        return root_mean_square.mean(1)
