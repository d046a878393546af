"""Negative STOI and extended STOI: intelligibility as a loss.

    waves (batch, time) --10 kHz--> --frames where the reference is not silent, joined--> --STFT, third octaves-->
        envelopes (batch, band, frame) --384 ms segments: correlation of clipped, or of normalised, envelopes-->
        mean over segments (batch), negated

Source: Taal et al., "An algorithm for intelligibility prediction of time-frequency weighted noisy speech", IEEE TASLP
19(7), 2011; extended: Jensen & Taal, "An algorithm for predicting the intelligibility of speech masked by modulated
noise maskers", IEEE/ACM TASLP 24(11), 2016.
Differs: items with less than 384 ms of speech score 0 and get no gradient, where the published code gives 1e-5.
Checked: tests/losses/test_stoi.py (pystoi at 8, 10 and 16 kHz, gradients in float64, silence).
"""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from separate_cli.losses.checks import check_finite, check_same_shape
from separate_cli.losses.resample import resample

__all__ = ["SingleSrcNegSTOI"]

_RATE = 10_000
_FRAME, _HOP, _FFT = 256, 128, 512
_BANDS, _LOWEST_HZ = 15, 150.0
_SEGMENT = 30
_SPEECH_DB = 40.0
_CLIP = 1 + 10 ** (15 / 20)
_EPS = 1e-8


class SingleSrcNegSTOI(nn.Module):
    """Negative short-time objective intelligibility of one source, from -1 (fully intelligible) to about 0.

    Args:
        sample_rate: Of the waves, in Hz.
        use_vad: Leave out frames where the reference is 40 dB below its loudest frame, as published.
        extended: Extended STOI, for modulated noise.
        do_resample: Bring the waves to 10 kHz first; otherwise they must be at 10 kHz.

    Raises:
        ValueError: If ``sample_rate`` is not a whole number, or not 10 kHz without resampling.

    >>> speech = torch.randn(1, 10000, generator=torch.Generator().manual_seed(0))
    >>> noise = torch.randn(1, 10000, generator=torch.Generator().manual_seed(1))
    >>> loss = SingleSrcNegSTOI(sample_rate=10000)
    >>> loss(0.5 * speech, speech).round(decimals=4), bool(loss(speech + noise, speech) > -0.8)
    (tensor([-1.]), True)
    """

    bands: Tensor

    def __init__(
        self, sample_rate: float, use_vad: bool = True, extended: bool = False, do_resample: bool = True
    ) -> None:
        super().__init__()
        if sample_rate <= 0 or sample_rate != int(sample_rate):
            raise ValueError(f"Expected sample_rate to be a positive whole number of Hz, got {sample_rate}.")
        if not do_resample and sample_rate != _RATE:
            raise ValueError(f"Expected sample_rate {_RATE} with do_resample=False, got {sample_rate}.")
        self.sample_rate = int(sample_rate)
        self.use_vad = use_vad
        self.extended = extended
        self.register_buffer("bands", _third_octaves(), persistent=False)

    def forward(self, estimates: Tensor, references: Tensor) -> Tensor:
        """Score ``estimates`` against ``references``, both ``(..., time)``.

        Returns:
            ``(...)``, one value a wave.

        Raises:
            ValueError: If shapes, types or devices do not fit, a value is NaN or infinite, or the waves are shorter
                than 32 frames of 12.8 ms.
        """
        estimates, references = check_same_shape(estimates, references, axes="..., time")
        shape = estimates.shape[:-1]
        waves = torch.stack([estimates, references]).flatten(0, -2)  # (2 * batch, time)
        frames = torch.stack(self._frames(waves).chunk(2))  # (2, batch, frame, sample)
        keep = self._speech(frames[1]) if self.use_vad else torch.ones_like(frames[1, ..., 0], dtype=torch.bool)
        estimate, reference = self._envelopes(frames, keep)  # (batch, band, segment, frame)
        per_segment = (_extended if self.extended else _correlation)(estimate, reference)  # (batch, segment)
        counts = (keep.sum(1, keepdim=True) - _SEGMENT).clamp(min=0)
        counted = torch.arange(per_segment.shape[1], device=keep.device) < counts
        loss = -(per_segment * counted).sum(1) / counts.squeeze(1).clamp(min=1)
        return check_finite(loss, estimates, references).view(shape)

    def _frames(self, waves: Tensor) -> Tensor:
        """Windowed frames at 10 kHz, ``(wave, frame, sample)``, each wave at unit level: STOI does not depend on it."""
        waves = resample(waves, self.sample_rate, _RATE)
        least = _FRAME + _HOP * _SEGMENT
        if waves.shape[1] <= least:
            raise ValueError(f"Expected more than {least / _RATE:.4f} s of signal, got {waves.shape[1] / _RATE:.4f} s.")
        level = waves.detach().square().mean(1, keepdim=True).sqrt()
        frames: Tensor = (waves / level.clamp(min=torch.finfo(waves.dtype).tiny)).unfold(1, _FRAME, _HOP)
        # The published code leaves out a last frame that ends exactly with the signal.
        frames = frames[:, :-1] if (waves.shape[1] - _FRAME) % _HOP == 0 else frames
        return frames * _window(waves)

    @staticmethod
    def _speech(frames: Tensor) -> Tensor:
        """Which frames of the reference are within 40 dB of the loudest, ``(batch, frame)``."""
        energy = frames.square().sum(-1)
        return energy > energy.amax(1, keepdim=True) * 10 ** (-_SPEECH_DB / 10)

    def _envelopes(self, frames: Tensor, keep: Tensor) -> Tensor:
        """Third-octave envelopes of the kept frames in segments, ``(2, batch, band, segment, frame)``."""
        order = (~keep).long().argsort(dim=1, stable=True)  # kept frames first, in order
        kept = keep.gather(1, order).unsqueeze(2)
        rows = torch.arange(len(keep), device=keep.device).unsqueeze(1)
        joined = frames[:, rows, order] * kept
        overlapped = pad(joined[..., :_HOP], (0, 0, 0, 1)) + pad(joined[..., _HOP:], (0, 0, 1, 0))
        again = torch.cat([overlapped[:, :, :-2], overlapped[:, :, 1:-1]], dim=-1) * _window(frames)
        power = torch.view_as_real(torch.fft.rfft(again, _FFT)).square().sum(-1)
        envelopes = (power @ self.bands.to(power.dtype) + _EPS**2).sqrt().mT  # (2, batch, band, frame)
        segments: Tensor = envelopes.unfold(-1, _SEGMENT, 1)
        return segments


def _window(like: Tensor) -> Tensor:
    return torch.hann_window(_FRAME + 2, periodic=False, dtype=like.dtype, device=like.device)[1:-1]


def _unit(values: Tensor, dim: int) -> Tensor:
    """``values`` without their mean, of unit norm, along ``dim``."""
    values = values - values.mean(dim, keepdim=True)
    return values * (values.square().sum(dim, keepdim=True) + _EPS**2).rsqrt()


def _correlation(estimate: Tensor, reference: Tensor) -> Tensor:
    """Mean correlation over bands after level matching and clipping, ``(batch, segment)``."""
    gain = (reference.square().sum(-1, keepdim=True) / estimate.square().sum(-1, keepdim=True)).sqrt()
    clipped = torch.minimum(estimate * gain, reference * _CLIP)
    return (_unit(clipped, -1) * _unit(reference, -1)).sum(-1).mean(1)


def _extended(estimate: Tensor, reference: Tensor) -> Tensor:
    """Mean over frames of the correlation over bands, after each band is normalised over time."""
    estimate, reference = (_unit(_unit(segments, -1), 1) for segments in (estimate, reference))
    return (estimate * reference).sum((1, -1)) / _SEGMENT


def _third_octaves() -> Tensor:
    """Which FFT bins make which band, ``(bin, band)``."""
    bin_hz = _RATE / _FFT
    edges = [_LOWEST_HZ * 2 ** ((2 * band - 1) / 6) for band in range(_BANDS + 1)]
    bins = [math.floor(edge / bin_hz + 0.5) for edge in edges]
    matrix = torch.zeros(_FFT // 2 + 1, _BANDS)
    for band, (low, high) in enumerate(itertools.pairwise(bins)):
        matrix[low:high, band] = 1
    return matrix
