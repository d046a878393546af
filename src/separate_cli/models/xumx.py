"""X-UMX: one recurrent network a stem, whose hidden states are averaged over the stems at two places.

    wave (batch, channel, time) --STFT--> magnitudes (frame, batch, channel, bin)
        --dense, mean over the stems, tanh--> --LSTM--> beside the dense layer's output, mean over the stems
        --dense, dense, ReLU--> masks (source, frame, batch, channel, bin)
        --times the STFT, inverse--> estimates (batch, source, channel, time)

Source: Sawata et al., "All for one and one for all: improving music separation by bridging networks", ICASSP 2021,
fig. 1; the network of a stem is Open-Unmix (Stöter et al., JOSS 4(41), 2019).
Differs: waves come from the masks times the complex STFT, which is the masked magnitude with the mixture's phase.
Checked: tests/models/test_xumx.py (golden numbers, mono, one sample, silence).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from separate_cli.filterbanks.recording import is_eager
from separate_cli.models.base import Separator

__all__ = ["XUMX"]

Statistics = Sequence[float] | np.ndarray[Any, np.dtype[Any]]


_HALVES = (torch.float16, torch.bfloat16)
"""Types in which Fourier transforms are not to be had on every device."""


class XUMX(Separator):
    """Music separation network that bridges one Open-Unmix a stem.

    Args:
        sources: Names of the stems.
        window_length: Length of the STFT's window in samples.
        in_chan: Points of the STFT; the same number.
        n_hop: Samples between two frames.
        hidden_size: Size of the hidden layers.
        nb_channels: Channels of the waves.
        sample_rate: In Hz.
        nb_layers: Layers of the LSTMs.
        input_mean: Mean magnitude of each bin in the training data. Once trained, statistics are among the weights.
        input_scale: Their standard deviation.
        max_bin: How many bins the network sees; all unless given.
        bidirectional: Whether the LSTMs run both ways.
        spec_power: The network works on magnitudes to this power.
        return_time_signals: Of no effect, accepted because checkpoints hold it: ``forward`` always gives waves,
            ``masked_magnitudes`` spectra.

    Raises:
        ValueError: If there is no source, a name that parts of a network cannot have or one twice, or sizes do not fit.

    >>> model = XUMX(["bass", "drums", "vocals", "other"])
    >>> sum(p.numel() for p in model.parameters())
    37883936
    """

    level_is_arbitrary = False

    def __init__(
        self,
        sources: Sequence[str],
        window_length: int = 4096,
        in_chan: int = 4096,
        n_hop: int = 1024,
        hidden_size: int = 512,
        *,
        nb_channels: int = 2,
        sample_rate: float = 44100,
        nb_layers: int = 3,
        input_mean: Statistics | None = None,
        input_scale: Statistics | None = None,
        max_bin: int | None = None,
        bidirectional: bool = True,
        spec_power: float = 1,
        return_time_signals: bool = False,
    ) -> None:
        _check_names(sources)
        super().__init__(
            sample_rate=sample_rate, n_sources=len(sources), in_channels=nb_channels, source_names=tuple(sources)
        )
        bins = window_length // 2 + 1
        seen = bins if max_bin is None else max_bin
        if in_chan != window_length or not 1 <= seen <= bins:
            raise ValueError(
                f"Expected in_chan = window_length and max_bin up to {bins}, got {in_chan}, {window_length}, {max_bin}."
            )
        self.out_channels = nb_channels
        self.hop_samples = n_hop
        self.window_length = window_length
        self.max_bin = seen
        self.spec_power = spec_power
        self.lookahead_samples = None if bidirectional else window_length - 1
        window = nn.Parameter(torch.hann_window(window_length), requires_grad=False)
        self.encoder = nn.Sequential(_Window(window))
        self.layer_enc = nn.ModuleDict({stem: _Encoder(seen * nb_channels, hidden_size) for stem in sources})
        self.layer_lstm = nn.ModuleDict(
            {stem: _lstm(hidden_size, nb_layers, bidirectional=bidirectional) for stem in sources}
        )
        self.layer_dec = nn.ModuleDict({stem: _Decoder(hidden_size, bins * nb_channels) for stem in sources})
        self.mean_scale = nn.ParameterDict()
        for stem in sources:
            self.mean_scale[f"input_mean_{stem}"] = _offsets(input_mean, seen)
            self.mean_scale[f"input_scale_{stem}"] = _factors(input_scale, seen)
            self.mean_scale[f"output_mean_{stem}"] = nn.Parameter(torch.ones(bins))
            self.mean_scale[f"output_scale_{stem}"] = nn.Parameter(torch.ones(bins))
        self.decoder = _Window(window)

    def get_model_args(self) -> dict[str, Any]:
        """The constructor's arguments; the statistics, which are weights by now, are left out."""
        return super().get_model_args() | {"input_mean": None, "input_scale": None}

    def forward(self, wav: Tensor) -> Tensor:
        """Separate ``wav``, ``(batch, channel, time)``, or for one channel also ``(batch, time)`` and ``(time)``.

        Returns:
            ``(batch, source, channel, time)``, without the axes that the input does not have; as long as the input.

        Raises:
            ValueError: If the shape is none of these, or there is no sample.
        """
        spectrum = self._spectrum(self._as_batch(wav))
        waves = self._waves(spectrum, self.forward_masks(self._powers(spectrum)), wav.shape[-1])
        waves = waves if wav.ndim == 3 else waves.squeeze(2)
        return waves if wav.ndim > 1 else waves.squeeze(0)

    def masked_magnitudes(self, wav: Tensor) -> Tensor:
        """What training compares with the stems' magnitudes, all to the power ``spec_power``.

        Args:
            wav: As for ``forward``.

        Returns:
            ``(source, frame, batch, channel, bin)``.
        """
        magnitudes = self.magnitudes(wav)
        return self.forward_masks(magnitudes) * magnitudes

    def waves_and_magnitudes(self, wav: Tensor) -> tuple[Tensor, Tensor]:
        """Waves ``(batch, source, channel, time)`` and ``masked_magnitudes`` of ``(batch, channel, time)``, at once."""
        spectrum = self._spectrum(self._as_batch(wav))
        magnitudes = self._powers(spectrum)
        masks = self.forward_masks(magnitudes)
        return self._waves(spectrum, masks, wav.shape[-1]), masks * magnitudes

    def magnitudes(self, wav: Tensor) -> Tensor:
        """Magnitudes ``(frame, batch, channel, bin)`` to the power ``spec_power``, of ``wav`` as for ``forward``."""
        return self._powers(self._spectrum(self._as_batch(wav)))

    def set_statistics(self, mean: Tensor, deviation: Tensor) -> None:
        """Take mean and standard deviation of the magnitudes of each bin, ``(bin)``, for the start of a training."""
        with torch.no_grad():
            for stem in self.layer_enc:
                self.mean_scale[f"input_mean_{stem}"].copy_(-mean[: self.max_bin])
                self.mean_scale[f"input_scale_{stem}"].copy_(1 / deviation[: self.max_bin])

    def forward_masks(self, magnitudes: Tensor) -> Tensor:
        """Masks ``(source, frame, batch, channel, bin)`` from ``(frame, batch, channel, bin)``."""
        stems, statistics = self.layer_enc.keys(), self.mean_scale
        seen = magnitudes[..., : self.max_bin]
        encoded = [
            self.layer_enc[stem]((seen + statistics[f"input_mean_{stem}"]) * statistics[f"input_scale_{stem}"])
            for stem in stems
        ]
        bridge = torch.stack(encoded).mean(0)  # (frame, batch, hidden)
        recurrent = torch.stack([self.layer_lstm[stem](bridge)[0] for stem in stems]).mean(0)
        hidden = torch.cat([bridge, recurrent], -1)
        masks = [
            self.layer_dec[stem](hidden).unflatten(-1, magnitudes.shape[2:]) * statistics[f"output_scale_{stem}"]
            + statistics[f"output_mean_{stem}"]
            for stem in stems
        ]
        return torch.stack(masks).relu()

    def _as_batch(self, wav: Tensor) -> Tensor:
        channels = self.in_channels
        fits = wav.ndim == 3 or (channels == 1 and 1 <= wav.ndim <= 2)
        if not fits or (is_eager() and wav.ndim == 3 and wav.shape[1] != channels):
            raise ValueError(f"Expected waves of shape (batch, {channels}, time), got {tuple(wav.shape)}.")
        if is_eager() and wav.shape[-1] == 0:
            raise ValueError("Expected at least one sample, got none.")
        return wav if wav.ndim == 3 else wav.reshape(-1, 1, wav.shape[-1])

    def _window(self) -> Tensor:
        return self.get_parameter("encoder.0.window")

    def _spectrum(self, mixture: Tensor) -> Tensor:
        """Complex STFT ``(batch, channel, bin, frame)`` of ``(batch, channel, time)``."""
        missing = self.window_length // 2 + 1 - mixture.shape[-1]  # of what a frame's reflection at the edges needs
        padded = functional.pad(mixture, (0, (missing + abs(missing)) // 2)).flatten(0, 1)
        padded = padded.float() if padded.dtype in _HALVES else padded
        window = self._window().to(padded.dtype)
        spectrum = torch.stft(padded, self.window_length, self.hop_samples, window=window, return_complex=True)
        return spectrum.reshape(*mixture.shape[:2], *spectrum.shape[1:])

    def _waves(self, spectrum: Tensor, masks: Tensor, n_samples: int) -> Tensor:
        """``(batch, source, channel, time)`` from ``(batch, channel, bin, frame)`` and ``forward_masks``."""
        masks = masks.permute(2, 0, 3, 4, 1)
        # The masks are of magnitudes to a power.
        masks = masks if self.spec_power == 1 else masks ** (1 / self.spec_power)
        estimates = masks * spectrum.unsqueeze(1)  # (batch, source, channel, bin, frame)
        window = self._window().to(spectrum.real.dtype)
        waves = torch.istft(
            estimates.flatten(0, 2), self.window_length, self.hop_samples, window=window, length=n_samples
        )
        return waves.reshape(*estimates.shape[:3], -1).to(self._window().dtype)

    def _powers(self, spectrum: Tensor) -> Tensor:
        """``(frame, batch, channel, bin)`` to the power ``spec_power``."""
        powers = spectrum.abs().permute(3, 0, 1, 2) ** self.spec_power
        return powers.to(self._window().dtype)


class _Window(nn.Module):
    """The window under the name that checkpoints give it."""

    def __init__(self, window: nn.Parameter) -> None:
        super().__init__()
        self.window = window


class _Encoder(nn.Module):
    def __init__(self, in_features: int, hidden_size: int) -> None:
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(in_features, hidden_size, bias=False), nn.BatchNorm1d(hidden_size))

    def forward(self, x: Tensor) -> Tensor:
        """``(frame, batch, channel, bin)`` to ``(frame, batch, hidden)``."""
        hidden: Tensor = self.enc(x.flatten(2).flatten(0, 1)).tanh()
        return hidden.reshape(*x.shape[:2], -1)


class _Decoder(nn.Module):
    def __init__(self, hidden_size: int, out_features: int) -> None:
        super().__init__()
        self.dec = nn.Sequential(
            nn.Linear(2 * hidden_size, hidden_size, bias=False),
            nn.BatchNorm1d(hidden_size),
            nn.ReLU(),
            nn.Linear(hidden_size, out_features, bias=False),
            nn.BatchNorm1d(out_features),
        )

    def forward(self, x: Tensor) -> Tensor:
        """``(frame, batch, 2 hidden)`` to ``(frame, batch, channel * bin)``."""
        decoded: Tensor = self.dec(x.flatten(0, 1))
        return decoded.reshape(*x.shape[:2], -1)


def _check_names(sources: Sequence[str]) -> None:
    """Stems name parts of the network, each its own."""
    wrong = [stem for stem in sources if not stem or "." in stem or hasattr(nn.ModuleDict, stem)]
    if wrong or isinstance(sources, str) or len({*sources}) < len(sources):
        raise ValueError(f"Expected a list of different names of sources, without dots, got {sources!r}.")


def _lstm(hidden_size: int, n_layers: int, *, bidirectional: bool) -> nn.LSTM:
    size = hidden_size // 2 if bidirectional else hidden_size
    return nn.LSTM(hidden_size, size, n_layers, bidirectional=bidirectional, dropout=0.4 if n_layers > 1 else 0.0)


def _offsets(mean: Statistics | None, size: int) -> nn.Parameter:
    return nn.Parameter(torch.zeros(size) if mean is None else -torch.as_tensor(mean, dtype=torch.float32)[:size])


def _factors(scale: Statistics | None, size: int) -> nn.Parameter:
    return nn.Parameter(torch.ones(size) if scale is None else 1 / torch.as_tensor(scale, dtype=torch.float32)[:size])
