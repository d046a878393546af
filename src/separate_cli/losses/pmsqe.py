"""PMSQE: PESQ's psychoacoustics as a loss.

    power spectra (batch, frame, bin), or waves (batch, time)
        --same speech level--> --critical bands--> (batch, frame, band)
        --equalise the estimate's colour and gain to the reference--> --loudness-->
        --difference, masked; additive errors again--> two disturbances a frame --weighted mean--> (batch)

Source: Martín-Doñas et al., "A deep learning loss function based on the perceptual evaluation of the speech quality",
IEEE Signal Processing Letters 25(11), 2018; the model is ITU-T P.862's.
Differs: waves are accepted too; silence is defined (a silent signal has no loudness), not NaN.
Checked: tests/losses/test_pmsqe.py (Asteroid's values at both rates and all options, agreement with PESQ's ranking).
"""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor, nn

from separate_cli.losses.bark import bark_scale
from separate_cli.losses.checks import check_finite, promoted

__all__ = ["PMSQEWindow", "SingleSrcPMSQE"]

PMSQEWindow = Literal["rect", "hann", "sqrt_hann", "hamming", "flatTop"]

_WINDOW_POWER: dict[str, float] = {
    "rect": 1.0,
    "hann": 2.66666666666675,
    "sqrt_hann": 2.0,
    "hamming": 2.51635879188799,
    "flatTop": 5.70713295690759,
}
"""By what a window lowers the power of noise: 1 / mean(window²)."""

_LEVEL_POWER = 1e7
_LOUDNESS_SCALE = 0.1866055
_ALPHA, _BETA = 0.1, 0.0309
"""Weights of the symmetric and the asymmetric disturbance."""
_MOST_DISTURBED = 45.0
_EPS = 1e-8


class SingleSrcPMSQE(nn.Module):
    """Perceptual loss of one source: 0 for identical signals, about 1 for poor, more for worse.

    Args:
        window_name: Window of the STFT.
        window_weight: Further factor on the window's power.
        bark_eq: Equalise the estimate's long-term colour first.
        gain_eq: Equalise the estimate's level in each frame first.
        sample_rate: 8000 (256-point FFT) or 16000 (512-point FFT), in Hz.

    Raises:
        ValueError: For another window or rate.

    >>> wave = torch.randn(1, 16000, generator=torch.Generator().manual_seed(0))
    >>> noise = torch.randn(1, 16000, generator=torch.Generator().manual_seed(1))
    >>> loss = SingleSrcPMSQE()
    >>> bool(loss(wave, wave) < loss(wave + 0.1 * noise, wave) < loss(wave + noise, wave))
    True
    """

    threshold: Tensor
    exponent: Tensor
    width: Tensor
    bark_matrix: Tensor
    level_mask: Tensor
    taper: Tensor

    def __init__(
        self,
        window_name: PMSQEWindow = "sqrt_hann",
        window_weight: float = 1.0,
        bark_eq: bool = True,
        gain_eq: bool = True,
        sample_rate: float = 16000,
    ) -> None:
        super().__init__()
        if window_name not in get_args(PMSQEWindow):
            raise ValueError(
                f"Expected window_name to be one of {', '.join(get_args(PMSQEWindow))}, got {window_name!r}."
            )
        scale = bark_scale(sample_rate)
        self.bark_eq = bark_eq
        self.gain_eq = gain_eq
        self.fft = scale.fft
        self.window_power = _WINDOW_POWER[window_name] * window_weight
        for name in ("threshold", "exponent", "width"):
            self.register_buffer(name, torch.tensor(getattr(scale, name)), persistent=False)
        bands = torch.repeat_interleave(torch.arange(len(scale.bins)), torch.tensor(scale.bins))
        matrix = torch.zeros(self.fft // 2 + 1, len(scale.bins))  # (bin, band), the Nyquist bin in none
        matrix[torch.arange(len(bands)), bands] = torch.tensor(scale.correction)[bands] * scale.power_scale
        self.register_buffer("bark_matrix", matrix, persistent=False)
        self.register_buffer("level_mask", _level_mask(self.fft), persistent=False)
        self.register_buffer("taper", _taper(window_name, self.fft), persistent=False)

    def forward(self, estimates: Tensor, references: Tensor, pad_mask: Tensor | None = None) -> Tensor:
        """Score ``estimates`` against ``references``.

        Args:
            estimates: Power spectra ``(batch, frame, bin)`` or ``(batch, bin, frame)``, or waves ``(batch, time)``.
            references: The same.
            pad_mask: 1 for frames that count, ``(batch, frame)`` or ``(batch, frame, 1)``; None for all.

        Returns:
            ``(batch)``.

        Raises:
            ValueError: If shapes, types or devices do not fit, or a value is NaN or infinite.
        """
        if estimates.shape != references.shape or estimates.ndim not in {2, 3}:
            raise ValueError(
                f"Expected estimates and references of one shape, (batch, frame, bin) or (batch, time), "
                f"got {tuple(estimates.shape)} and {tuple(references.shape)}."
            )
        estimates, references = promoted(estimates, references)
        loss = self._loss(self._frames_first(estimates), self._frames_first(references), pad_mask)
        return check_finite(loss, estimates, references)

    def _frames_first(self, signal: Tensor) -> Tensor:
        """Power ``(batch, frame, bin)``."""
        bins = self.fft // 2 + 1
        if signal.ndim == 2:
            if signal.shape[1] < self.fft:
                raise ValueError(f"Expected at least {self.fft} samples (one frame), got {signal.shape[1]}.")
            frames = signal.unfold(1, self.fft, self.fft // 2) * self.taper
            return torch.view_as_real(torch.fft.rfft(frames)).square().sum(-1)
        if bins not in signal.shape[1:]:
            raise ValueError(f"Expected power spectra of {bins} bins, got {tuple(signal.shape)}.")
        return signal if signal.shape[2] == bins else signal.mT

    def _loss(self, estimate: Tensor, reference: Tensor, pad_mask: Tensor | None) -> Tensor:
        mask = torch.ones_like(reference[..., 0]) if pad_mask is None else pad_mask.to(reference.dtype)
        mask = mask.unsqueeze(2) if mask.ndim == 2 else mask  # (batch, frame, 1)
        if mask.shape != (*reference.shape[:2], 1):
            raise ValueError(
                f"Expected pad_mask (batch, frame) = {tuple(reference.shape[:2])}, got {tuple(mask.shape)}."
            )
        degraded, original = (self._bands(power, mask) for power in (estimate, reference))  # (batch, frame, band)
        if self.bark_eq:
            degraded = degraded * self._colour_gain(degraded, original)
        if self.gain_eq:
            degraded = degraded * self._frame_gain(degraded, original)
        symmetric, asymmetric = self._disturbances(degraded, original)
        per_frame = _ALPHA * symmetric + _BETA * asymmetric  # (batch, frame, 1)
        return (per_frame * mask).sum((1, 2)) / mask.sum((1, 2)).clamp(min=1)

    def _bands(self, power: Tensor, mask: Tensor) -> Tensor:
        """Power in critical bands, ``(batch, frame, band)``, after the speech level is brought to the standard one."""
        level = ((power * self.level_mask).mean(2, keepdim=True) * mask).sum(1, keepdim=True)
        level = level / mask.sum(1, keepdim=True).clamp(min=1) * self.window_power / 2
        tiny = torch.finfo(power.dtype).tiny
        return power / level.clamp(min=tiny) * _LEVEL_POWER @ self.bark_matrix.to(power.dtype)

    def _audible(self, bands: Tensor, factor: float = 1.0) -> Tensor:
        """Summed power of the bands above ``factor`` times the threshold of hearing, ``(batch, frame, 1)``."""
        return (bands * (bands > self.threshold * factor)).sum(2, keepdim=True)

    def _colour_gain(self, degraded: Tensor, original: Tensor) -> Tensor:
        """What brings each band's long-term power to the reference's, ``(batch, 1, band)``, within 20 dB."""
        active = (self._audible(original, 100) >= _LEVEL_POWER) & (original >= self.threshold * 100)
        totals = [(bands * active).sum(1, keepdim=True) for bands in (original, degraded)]
        return ((totals[0] + 1e3) / (totals[1] + 1e3)).clamp(0.01, 100)

    def _frame_gain(self, degraded: Tensor, original: Tensor) -> Tensor:
        """What brings each frame's audible power to the reference's, ``(batch, frame, 1)``."""
        return ((self._audible(original) + 5e3) / (self._audible(degraded) + 5e3)).clamp(3e-4, 5)

    def _loudness(self, bands: Tensor) -> Tensor:
        """Zwicker's law, in sone per band; 0 below the threshold of hearing."""
        loud = (self.threshold / 0.5) ** self.exponent * ((0.5 + 0.5 * bands / self.threshold) ** self.exponent - 1)
        return torch.where(bands < self.threshold, 0, _LOUDNESS_SCALE * loud)

    def _disturbances(self, degraded: Tensor, original: Tensor) -> tuple[Tensor, Tensor]:
        """Symmetric and asymmetric disturbance of each frame, ``(batch, frame, 1)`` each."""
        loud, loud_original = self._loudness(degraded), self._loudness(original)
        masked = 0.25 * torch.minimum(loud, loud_original)
        symmetric = ((loud - loud_original).abs() - masked).clamp(min=_EPS)
        added = ((degraded + 50) / (original + 50)) ** 1.2
        asymmetric = symmetric * torch.where(added < 3, 0, added.clamp(max=12))
        weight = ((self._audible(original) + 1e5) / 1e7) ** 0.04
        energy = ((symmetric * self.width).square() + _EPS).sum(2, keepdim=True)
        per_frame = (self.width.sum().sqrt() * energy.sqrt(), (asymmetric * self.width).sum(2, keepdim=True))
        return (per_frame[0] / weight).clamp(max=_MOST_DISTURBED), (per_frame[1] / weight).clamp(max=_MOST_DISTURBED)


def _level_mask(fft: int) -> Tensor:
    """Weights of the bins that tell the speech level: about 350 to 3250 Hz, soft at both ends."""
    mask = torch.zeros(fft // 2 + 1)
    mask[11:105] = (fft // 2 + 1) / (fft // 2) ** 2
    mask[11] *= 0.4
    mask[104] *= 0.5
    return mask


def _taper(name: str, length: int) -> Tensor:
    from scipy.signal import windows

    shape = {"rect": "boxcar", "sqrt_hann": "hann", "flatTop": "flattop"}.get(name, name)
    window = torch.from_numpy(windows.get_window(shape, length)).float()
    return window.sqrt() if name == "sqrt_hann" else window
