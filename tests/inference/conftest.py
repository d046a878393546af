"""Tiny separators whose right answer is known."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor, nn
from torch.nn import functional

from separate_cli.models.base import Separator


class Gain(Separator):
    """One output: the input times a number. Needs no context."""

    lookbehind_samples = 0
    lookahead_samples = 0

    def __init__(self, gain: float = 0.5, sample_rate: float = 16000) -> None:
        super().__init__(sample_rate=sample_rate, n_sources=1)
        self.gain = nn.Parameter(torch.tensor(gain))

    def forward(self, wav: Tensor) -> Tensor:
        return wav * self.gain


class Smooth(Separator):
    """One output: windowed frames on a grid, like a filterbank, so that where a chunk starts matters."""

    def __init__(self, kernel: int = 64, hop: int = 32, sample_rate: float = 16000) -> None:
        super().__init__(sample_rate=sample_rate, n_sources=1)
        self.hop_samples = hop
        self.kernel = kernel
        self.lookbehind_samples = self.lookahead_samples = kernel - 1
        generator = torch.Generator().manual_seed(0)
        self.basis = nn.Parameter(torch.randn(24, 1, kernel, generator=generator) / kernel**0.5)

    def forward(self, wav: Tensor) -> Tensor:
        time = wav.shape[-1]
        padded = functional.pad(wav, (0, max(0, self.kernel - time)))
        frames = functional.conv1d(padded, self.basis, stride=self.hop_samples).tanh()
        out = functional.conv_transpose1d(frames, self.basis, stride=self.hop_samples)
        return functional.pad(out, (0, time - out.shape[-1]))


class Halves(Separator):
    """Two outputs, the low and the high half of the spectrum, in an order that depends on the chunk. Needs it whole."""

    def __init__(
        self, sample_rate: float = 16000, swap: bool = True, source_names: tuple[str, ...] | None = None
    ) -> None:
        super().__init__(sample_rate=sample_rate, n_sources=2, source_names=source_names)
        self.calls: list[int] = []
        self.swap = swap

    def forward(self, wav: Tensor) -> Tensor:
        self.calls.append(wav.shape[-1])
        spectrum = torch.fft.rfft(wav[:, 0])
        keep = torch.arange(spectrum.shape[-1]) < spectrum.shape[-1] // 2
        low = torch.fft.irfft(spectrum * keep, n=wav.shape[-1])
        both = torch.stack([low, wav[:, 0] - low], 1)
        return both.flip(1) if self.swap and len(self.calls) % 2 == 0 else both


class Stems(Separator):
    """Stereo in, two stereo stems out: the input, and its channels exchanged."""

    level_is_arbitrary = False

    def __init__(self, sample_rate: float = 16000) -> None:
        super().__init__(sample_rate=sample_rate, n_sources=2, in_channels=2, source_names=("same", "crossed"))
        self.out_channels = 2

    def forward(self, wav: Tensor) -> Tensor:
        return torch.stack([wav, wav.flip(1)], 1)


class Beamformer(Separator):
    """One output: the mean of all microphones."""

    def __init__(self, sample_rate: float = 16000) -> None:
        super().__init__(sample_rate=sample_rate, n_sources=1, in_channels=None)

    def forward(self, wav: Tensor) -> Tensor:
        return wav.mean(1, keepdim=True)


@pytest.fixture
def toys() -> SimpleNamespace:
    """The classes above."""
    return SimpleNamespace(Gain=Gain, Smooth=Smooth, Halves=Halves, Stems=Stems, Beamformer=Beamformer)


@pytest.fixture
def noise(tmp_path: Path) -> Path:
    """A second of quiet noise, 16 kHz, mono, 16 bits."""
    path = tmp_path / "in" / "noise.wav"
    path.parent.mkdir()
    soundfile.write(path, np.random.default_rng(0).uniform(-0.3, 0.3, 16000), 16000)
    return path
