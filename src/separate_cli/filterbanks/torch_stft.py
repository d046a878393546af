"""The STFT as ``torch.stft`` and ``torch.istft`` compute it, as a filterbank.

    wave (..., time) --pad half a window--> --STFTFB, scale taken out--> (..., n_filters + 2, frame)
    frames --inverse transform, window, overlap-add--> --divide by the summed squared window, drop half a window--> wave

Checked: tests/filterbanks/test_torch_stft.py (torch.stft, torch.istft, golden numbers).
"""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import torch
from torch import Tensor
from torch.nn import functional

from separate_cli.filterbanks.catalogue import FILTERBANKS
from separate_cli.filterbanks.recording import is_eager
from separate_cli.filterbanks.stft import STFTFB, Window

__all__ = ["TorchSTFTFB"]

PadMode = Literal["constant", "reflect", "replicate", "circular"]


@FILTERBANKS.add("torch_stft")
class TorchSTFTFB(STFTFB):
    """``torch.stft`` and ``torch.istft`` with the square root of a Hann window (unless another is given).

    The encoder pads at both ends; the decoder keeps the padding at the end unless it is told the length.

    Args:
        n_filters: Points of the transform, even, equal to ``kernel_size``.
        kernel_size: Length of the window in samples.
        stride: Samples between two frames; half the kernel unless given.
        window: ``kernel_size`` numbers; the square root of a periodic Hann window unless given.
        center: Pad half a window at both ends, so that frame ``t`` is centred on sample ``t * stride``.
        pad_mode: What to pad with, as in ``torch.nn.functional.pad``.
        normalized: Divide the spectrum by ``sqrt(n_filters)``.
        sample_rate: In Hz.

    Raises:
        ValueError: If ``n_filters`` is odd or differs from ``kernel_size``.

    >>> from separate_cli.filterbanks import make_enc_dec
    >>> encoder, decoder = make_enc_dec("torch_stft", n_filters=64, kernel_size=64, stride=24)
    >>> wav = torch.randn(2, 1, 500)
    >>> torch.allclose(decoder(encoder(wav), length=500), wav, atol=1e-4)
    True
    """

    own_arguments: ClassVar[tuple[str, ...]] = ("center", "pad_mode", "normalized")
    _to_plain: Tensor
    _from_plain: Tensor

    def __init__(
        self,
        n_filters: int,
        kernel_size: int,
        stride: int | None = None,
        window: Window | None = None,
        *,
        center: bool = True,
        pad_mode: PadMode = "reflect",
        normalized: bool = False,
        sample_rate: float = 8000.0,
    ) -> None:
        super().__init__(n_filters, kernel_size, stride=stride, window=window, sample_rate=sample_rate)
        if self.n_filters != self.kernel_size:
            raise ValueError(f"n_filters must equal kernel_size, got {n_filters} and {kernel_size}.")
        self.center = center
        self.pad_mode = pad_mode
        self.normalized = normalized
        edges = torch.tensor([0, self.n_filters // 2])  # DC and Nyquist: no mirror image
        to_plain = torch.full((self.n_filters // 2 + 1,), 0.5 * self.n_filters / math.sqrt(self.stride))
        to_plain[edges] *= math.sqrt(2)
        from_plain = to_plain * 2 / self.n_filters
        from_plain[edges] /= 2
        root = math.sqrt(self.n_filters) if normalized else 1.0
        self.register_buffer("_to_plain", to_plain.repeat(2).unsqueeze(1) / root, persistent=False)
        self.register_buffer("_from_plain", from_plain.repeat(2).unsqueeze(1) * root, persistent=False)

    @classmethod
    def from_torch_args(  # noqa: PLR0917  in the order that Asteroid's users know
        cls,
        n_fft: int,
        hop_length: int | None = None,
        win_length: int | None = None,
        window: Window | None = None,
        center: bool = True,
        pad_mode: PadMode = "reflect",
        normalized: bool = False,
        onesided: bool = True,
        sample_rate: float = 8000.0,
    ) -> TorchSTFTFB:
        """The filterbank for the arguments of ``torch.stft``, under torch's names and in its order.

        Where torch has other defaults, Asteroid's hold: without ``hop_length`` half a window (torch: a quarter of
        ``n_fft``), without ``window`` the square root of a Hann window (torch: ones). ``win_length`` is ``n_fft``.

        Raises:
            ValueError: If ``win_length`` differs from ``n_fft``, or ``onesided`` is False.

        >>> TorchSTFTFB.from_torch_args(64, hop_length=16).stride
        16
        """
        if not onesided:
            raise ValueError("Only one-sided spectra are supported: the other half of a real wave's mirrors it.")
        kernel_size = n_fft if win_length is None else win_length
        return cls(
            n_fft,
            kernel_size,
            hop_length,
            window,
            center=center,
            pad_mode=pad_mode,
            normalized=normalized,
            sample_rate=sample_rate,
        )

    def pre_analysis(self, wav: Tensor) -> Tensor:
        """Pad half a window at both ends."""
        if not self.center:
            return wav
        half = self.kernel_size // 2
        if is_eager() and self.pad_mode == "reflect" and wav.shape[-1] <= half:
            raise ValueError(f"Expected more than {half} samples to reflect at the ends, got {wav.shape[-1]}.")
        padded = functional.pad(wav.reshape(-1, 1, wav.shape[-1]), (half, half), mode=self.pad_mode)
        return padded.reshape(*wav.shape[:-1], padded.shape[-1])

    def post_analysis(self, frames: Tensor) -> Tensor:
        """Take the scale of ``STFTFB`` out."""
        return frames * self._to_plain

    def pre_synthesis(self, frames: Tensor) -> Tensor:
        """Weigh the bins so that the filters sum up to an inverse transform."""
        return frames * self._from_plain

    def post_synthesis(self, wav: Tensor) -> Tensor:
        """Divide by the summed squared window where there is any, and drop the padding at the start."""
        frames = (wav.shape[-1] - self.kernel_size) // self.stride + 1
        power = self.torch_window.square().reshape(1, 1, -1)
        envelope = functional.conv_transpose1d(power.new_ones(1, 1, frames), power, stride=self.stride)[0, 0]
        wav = wav / torch.where(envelope > 1e-11, envelope, 1.0)
        return wav[..., self.kernel_size // 2 :] if self.center else wav
