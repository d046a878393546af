"""Multi-scale spectral loss: magnitudes and log-magnitudes compared at several window lengths.

    waves (batch, time) --frames, sqrt-Hann, FFT, for each window length--> magnitudes (batch, frame, bin)
        --sum of |difference| + alpha * |difference of logs| over frames, bins and scales--> (batch)

Source: Engel et al., "DDSP: Differentiable digital signal processing", ICLR 2020 (spectral loss).
Differs: sums (not means) over bins, and the filter scale of an orthogonal STFT filterbank, as Asteroid does; so the
value grows with the length of the signal.
Checked: tests/losses/test_spectral.py (NumPy reference, Asteroid's values, gradients at silence).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from separate_cli.losses.checks import check_finite, check_same_shape

__all__ = ["SingleSrcMultiScaleSpectral"]

_WINDOWS = (2048, 1024, 512, 256, 128, 64, 32)
_EPS = 1e-8


class SingleSrcMultiScaleSpectral(nn.Module):
    """Multi-scale spectral loss of one source.

    Args:
        n_filters: FFT length of each scale, at least the window's; None for the window's own.
        windows_size: Window length of each scale, in samples; None for 2048, 1024, ... 32.
        hops_size: Hop of each scale, in samples; None for half the window.
        alpha: Weight of the log-magnitude term.

    Raises:
        ValueError: If the lists differ in length or an FFT is shorter than its window.

    >>> loss = SingleSrcMultiScaleSpectral(windows_size=[8, 4])
    >>> loss(torch.ones(1, 16), torch.ones(1, 16))
    tensor([0.])
    """

    def __init__(
        self,
        n_filters: Sequence[int] | None = None,
        windows_size: Sequence[int] | None = None,
        hops_size: Sequence[int] | None = None,
        alpha: float = 1.0,
    ) -> None:
        super().__init__()
        windows = tuple(windows_size or _WINDOWS)
        ffts = tuple(n_filters or windows)
        hops = tuple(hops_size or [max(1, window // 2) for window in windows])
        if not len(windows) == len(ffts) == len(hops):
            raise ValueError(
                f"Expected one n_filters, windows_size and hops_size a scale, "
                f"got {len(ffts)}, {len(windows)} and {len(hops)}."
            )
        if any(fft < window for fft, window in zip(ffts, windows, strict=True)):
            raise ValueError(f"Expected each of n_filters to be at least its window, got {ffts} for {windows}.")
        self.scales = tuple(zip(ffts, windows, hops, strict=True))
        self.alpha = alpha

    def forward(self, estimate: Tensor, reference: Tensor) -> Tensor:
        """Score ``estimate`` against ``reference``, both ``(batch, time)`` or ``(batch, 1, time)``.

        Returns:
            ``(batch)``.

        Raises:
            ValueError: If shapes, types or devices do not fit, a value is NaN or infinite, or the signals are
                shorter than the longest window.
        """
        estimate, reference = check_same_shape(estimate, reference, axes="batch, time, ...")
        longest = max(window for _, window, _ in self.scales)
        if estimate.shape[-1] < longest:
            raise ValueError(f"Expected at least {longest} samples (the longest window), got {estimate.shape[-1]}.")
        waves = torch.stack([estimate, reference])
        loss = torch.stack([self._scale_loss(waves, *scale) for scale in self.scales]).sum(0)
        return check_finite(loss, estimate, reference)

    def _scale_loss(self, waves: Tensor, fft: int, window: int, hop: int) -> Tensor:
        """``(2, batch, ..., time)`` → ``(batch)``."""
        estimate, reference = _magnitude(waves, fft, window, hop).unbind(0)
        linear: Tensor = (reference - estimate).abs().flatten(1).sum(1)
        logarithmic = (reference.log() - estimate.log()).abs().flatten(1).sum(1)
        return linear + self.alpha * logarithmic


def _magnitude(waves: Tensor, fft: int, window: int, hop: int) -> Tensor:
    """``(..., time)`` → ``(..., frame, bin)``, as an STFT filterbank of unit energy gives; at least 1e-4."""
    taper = torch.hann_window(window, dtype=waves.dtype, device=waves.device).sqrt()
    scale = waves.new_full((fft // 2 + 1,), (fft * window / hop) ** -0.5 * 2)
    scale[0] *= 0.5**0.5
    if fft % 2 == 0:
        scale[-1] *= 0.5**0.5
    spectrum: Tensor = torch.fft.rfft(waves.unfold(-1, window, hop) * taper, fft) * scale
    return (spectrum.real.square() + spectrum.imag.square() + _EPS).sqrt()
