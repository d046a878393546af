"""FaSNet with TAC: filter-and-sum beamforming whose filters are estimated, for any number of microphones.

    waves (batch, microphone, time) --windows with context--> (batch, microphone, frame, context + window + context)
        --dense--> features, beside the similarity of the reference microphone's window to every lag of the context
        --[DPRNN block, TAC] x layers--> filters (batch, source, microphone, frame, 2 context + 1)
        --filter the context, mean over the microphones, overlap-add--> estimates (batch, source, time)

Source: Luo et al., "FaSNet", ASRU 2019, and "End-to-end microphone permutation and number invariant multi-channel
speech separation", ICASSP 2020, fig. 1.
Differs: all microphones are filtered in one pass, as in the second paper.
Checked: tests/models/test_fasnet_tac.py (golden numbers, order of the microphones, absent microphones).
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from separate_cli.dsp.dual_path import DualPathProcessing
from separate_cli.filterbanks.recording import is_eager
from separate_cli.layers import norms
from separate_cli.layers.dual_path import DPRNNBlock
from separate_cli.layers.tac import TAC, mean_of_present, present_microphones
from separate_cli.models.base import Separator

__all__ = ["FasNetTAC"]

_EPS = 1e-8
"""Added to the norms that the similarities are divided by."""


class FasNetTAC(Separator):
    """Filter-and-sum network with transform-average-concatenate.

    The first microphone is the reference; the order of the others does not matter.

    Args:
        n_src: Number of sources.
        enc_dim: Features of a window.
        feature_dim: Features between the blocks.
        hidden_dim: Size of the recurrent states.
        n_layers: Number of blocks.
        window_ms: Length of a window in milliseconds.
        stride: Samples between two windows: half a window, the only value, which None stands for.
        context_ms: What a filter reaches before and after a window, in milliseconds.
        sample_rate: In Hz.
        tac_hidden_dim: Size of the features that are averaged.
        norm_type: Name of the normalisation.
        chunk_size: Windows in a chunk of the dual-path blocks.
        hop_size: Windows between two chunks.
        bidirectional: Whether the recurrent networks across chunks run both ways.
        rnn_type: ``"RNN"``, ``"LSTM"`` or ``"GRU"``.
        dropout: Probability that a number between recurrent layers is dropped in training.
        use_tac: Without, microphones are treated separately up to the sum.

    Raises:
        ValueError: If a name is unknown, a window is not an even number of samples, or ``stride`` another value.

    >>> model = FasNetTAC(n_src=2)
    >>> sum(p.numel() for p in model.parameters()), model.in_channels
    (2759375, None)
    """

    def __init__(
        self,
        n_src: int,
        enc_dim: int = 64,
        feature_dim: int = 64,
        hidden_dim: int = 128,
        n_layers: int = 4,
        *,
        window_ms: float = 4,
        stride: int | None = None,
        context_ms: float = 16,
        sample_rate: float = 16000,
        tac_hidden_dim: int = 384,
        norm_type: str = "gLN",
        chunk_size: int = 50,
        hop_size: int = 25,
        bidirectional: bool = True,
        rnn_type: str = "LSTM",
        dropout: float = 0.0,
        use_tac: bool = True,
    ) -> None:
        super().__init__(sample_rate=sample_rate, n_sources=n_src, in_channels=None)
        self.window = int(sample_rate * window_ms / 1000)
        self.context = int(sample_rate * context_ms / 1000)
        self.stride = self.window // 2
        if self.window < 2 or self.window % 2 or stride not in {None, self.stride}:
            raise ValueError(
                f"Expected a window of an even number of samples and a stride of half of it (or None), "
                f"got {self.window} and {stride}."
            )
        self.hop_samples = self.stride
        self.filter_dim = 2 * self.context + 1
        self.encoder = nn.Conv1d(1, enc_dim, self.window + 2 * self.context, stride=self.stride, bias=False)
        self.enc_LN = norms.get(norm_type)(enc_dim)
        self.bottleneck = nn.Conv1d(self.filter_dim + enc_dim, feature_dim, 1, bias=False)
        self.chunks = DualPathProcessing(chunk_size, hop_size, normalise=True)
        self.DPRNN_TAC = nn.ModuleList()
        for _ in range(n_layers):
            block = DPRNNBlock(
                feature_dim,
                hidden_dim,
                norm_type=norm_type,
                bidirectional=bidirectional,
                rnn_type=rnn_type,
                dropout=dropout,
            )
            tac = [TAC(feature_dim, tac_hidden_dim, norm_type=norm_type)] if use_tac else []
            self.DPRNN_TAC.append(nn.ModuleList([block, *tac]))
        self.conv_2D = nn.Sequential(nn.PReLU(), nn.Conv2d(feature_dim, n_src * feature_dim, 1))
        self.tanh = nn.Sequential(nn.Conv1d(feature_dim, self.filter_dim, 1), nn.Tanh())
        self.gate = nn.Sequential(nn.Conv1d(feature_dim, self.filter_dim, 1), nn.Sigmoid())

    def forward(self, wav: Tensor, valid_mics: Tensor | None = None) -> Tensor:
        """Separate ``wav``, ``(batch, microphone, time)``; ``(batch, time)`` and ``(time)`` are one microphone.

        Args:
            wav: Waves of all microphones.
            valid_mics: ``(batch)``, how many of the first microphones are there in each example; 0 or None for all.

        Returns:
            ``(batch, source, time)``, ``(source, time)`` for 1-D input; as long as the input.

        Raises:
            ValueError: If the shape is none of these, or there is no sample.
        """
        if not 1 <= wav.ndim <= 3 or (is_eager() and 0 in wav.shape):
            raise ValueError(f"Expected waves of shape (batch, microphone, time), got {tuple(wav.shape)}.")
        waves = wav if wav.ndim == 3 else wav.reshape(-1, 1, wav.shape[-1])
        present = present_microphones(waves, valid_mics)
        margin = self.window + self.context
        padded = functional.pad(waves, (margin, margin))
        windows = padded.unfold(-1, self.window + 2 * self.context, self.stride).contiguous()
        features = torch.cat([self._embed(padded), self._similarities(padded, windows)], 2)
        filters = self._filters(features, valid_mics)  # (batch, microphone, source, frame, tap)
        filtered = torch.stack([_correlate(windows, taps) for taps in filters.unbind(2)], 2)
        beamformed = mean_of_present(filtered, present)  # (batch, source, frame, window)
        estimates = _overlap_add(beamformed)[..., self.window : self.window + wav.shape[-1]]
        return estimates if wav.ndim > 1 else estimates.squeeze(0)

    def _embed(self, padded: Tensor) -> Tensor:
        """``(batch, microphone, enc_dim, frame)``."""
        embedded: Tensor = self.enc_LN(self.encoder(padded.flatten(0, 1).unsqueeze(1)))
        return embedded.reshape(*padded.shape[:2], *embedded.shape[1:])

    def _similarities(self, padded: Tensor, windows: Tensor) -> Tensor:
        """Cosine of the reference's window and every lag of each context, ``(batch, microphone, lag, frame)``."""
        reference = windows[:, :1, :, self.context : self.context + self.window]
        products = _correlate(windows, reference.expand(-1, windows.shape[1], -1, -1))
        energies = functional.avg_pool1d(padded.square(), self.window, stride=1) * self.window
        norms = energies.sqrt() + _EPS  # of every window of the wave: contexts share them
        lags = norms.unfold(-1, self.filter_dim, self.stride)  # (batch, microphone, frame, lag)
        return (products / (lags * lags[:, :1, :, self.context, None])).mT

    def _filters(self, features: Tensor, valid_mics: Tensor | None) -> Tensor:
        """``(batch, microphone, source, frame, tap)`` from ``(batch, microphone, feature, frame)``."""
        batch, microphones, _, n_frames = features.shape
        x = self.chunks.unfold(self.bottleneck(features.flatten(0, 1)))
        for layer in self.DPRNN_TAC:
            block, *tac = cast(nn.ModuleList, layer)
            x = block(x)  # (batch * microphone, feature, chunk, n_chunks)
            for exchange in tac:
                x = exchange(x.reshape(batch, microphones, *x.shape[1:]), valid_mics).flatten(0, 1)
        x = self.conv_2D(x)
        x = self.chunks.fold(x.reshape(-1, x.shape[1] // self.n_sources, *x.shape[2:]), n_frames)
        filters: Tensor = self.tanh(x) * self.gate(x)
        return filters.mT.reshape(batch, microphones, self.n_sources, n_frames, -1)


def _correlate(windows: Tensor, taps: Tensor) -> Tensor:
    """Valid correlation along the last axis, each row with its own taps: ``(..., length)`` with ``(..., tap)``."""
    size = taps.shape[-1]
    if not is_eager():
        return (windows.unfold(-1, size, 1) @ taps.unsqueeze(-1)).squeeze(-1)
    rows = windows.reshape(1, -1, windows.shape[-1])
    found = functional.conv1d(rows, taps.reshape(-1, 1, size), groups=rows.shape[1])
    return found.reshape(*windows.shape[:-1], -1)


def _overlap_add(frames: Tensor) -> Tensor:
    """Sum of windows, ``(..., frame, window)``, that lie half a window apart."""
    first, second = frames.chunk(2, -1)  # (..., frame, half)
    return (functional.pad(first, (0, 0, 0, 1)) + functional.pad(second, (0, 0, 1, 0))).flatten(-2)
