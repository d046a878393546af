"""Chimera: one recurrent network with two heads, deep clustering and masks.

    wave (batch, 1, time) --STFT, magnitude--> (batch, freq, frame) --recurrent network--> (batch, frame, hidden)
        --mask head-->      masks (batch, source, freq, frame)
        --embedding head--> unit vectors (batch, freq * frame, dim) --k-means--> masks of zeros and ones
    masks times the STFT --inverse--> estimates (batch, source, time)

Deep clustering is the model trained on its embeddings alone, and used with ``head="clustering"``.

Source: Hershey et al., "Deep clustering", ICASSP 2016; Luo et al., "Deep clustering and conventional networks for music
separation: stronger together", ICASSP 2017; hyper-parameters of Wang et al., "Alternative objective functions for deep
clustering", ICASSP 2018.
Checked: tests/models/test_chimera.py (recipe's weights, both heads, silence).
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from separate_cli.dsp.vad import ebased_vad
from separate_cli.filterbanks import make_enc_dec, transforms
from separate_cli.layers import norms
from separate_cli.layers.k_means import k_means
from separate_cli.layers.recurrent import SingleRNN
from separate_cli.models.encoder_masker_decoder import EncoderMaskerDecoder, frame_wise
from separate_cli.models.shapes import as_given, mono_batch

__all__ = ["Chimera"]

_EPS = 1e-8
_FLOOR = 1e-2
_DEVIATION = 1.5
"""Of the logarithms of speech about the mean of their frequency, floored as above."""
_NORMALIZE = ("none", "frames", "recording")


class Chimera(EncoderMaskerDecoder):
    """Deep clustering and mask inference.

    Training takes ``embed_and_mask``: vectors for the clustering loss, masks for the other.

    Args:
        n_src: Number of sources.
        n_filters: Points of the STFT.
        kernel_size: Length of its window in samples.
        stride: Samples between two frames.
        rnn_type: ``"LSTM"``, ``"GRU"`` or ``"RNN"``.
        n_layers: Layers of the recurrent network.
        hidden_size: Size of its states, in each direction.
        bidirectional: Run both ways in time.
        dropout: Probability that a number between layers is dropped in training.
        embedding_dim: Size of the vector of a bin.
        take_log: Whether the network sees logarithms of magnitudes.
        normalize: How it sees the logarithms. ``"none"``: as they are. Else relative to the mean magnitude, floored
            40 dB below it, so that the level of a recording does not matter; ``"frames"``: each frame with mean 0 and
            variance 1; ``"recording"``: each frequency with mean 0, so that a microphone's colour does not, either.
        heard_hz: What it sees ends here; the masks do not. Where recordings fade out differs: they have been converted
            from other sample rates, each in its way, and a network that never met that is misled. None: all.
        head: Which head ``forward`` separates with.
        sample_rate: In Hz.

    Raises:
        ValueError: If a name is unknown, or sizes do not fit, or normalize is asked for without take_log.

    >>> model = Chimera(n_src=2, hidden_size=8, embedding_dim=4)
    >>> model.embed(torch.randn(1, 1024)).shape  # 129 frequencies, 13 frames
    torch.Size([1, 1677, 4])
    """

    level_is_arbitrary = False

    def __init__(
        self,
        n_src: int,
        n_filters: int = 256,
        kernel_size: int = 256,
        stride: int = 64,
        *,
        rnn_type: str = "lstm",
        n_layers: int = 2,
        hidden_size: int = 600,
        bidirectional: bool = True,
        dropout: float = 0.3,
        embedding_dim: int = 20,
        take_log: bool = False,
        normalize: Literal["none", "frames", "recording"] = "none",
        heard_hz: float | None = None,
        head: Literal["masks", "clustering"] = "masks",
        sample_rate: float = 8000,
    ) -> None:
        if head not in {"masks", "clustering"}:
            raise ValueError(f"head must be 'masks' or 'clustering', got {head!r}.")
        if normalize not in _NORMALIZE:
            raise ValueError(f"normalize must be one of {', '.join(map(repr, _NORMALIZE))}, got {normalize!r}.")
        if normalize != "none" and not take_log:
            raise ValueError("normalize needs take_log: only a logarithm turns a level into an offset.")
        if heard_hz is not None and not sample_rate / n_filters <= heard_hz <= sample_rate / 2:
            raise ValueError(f"Expected heard_hz from one bin to half the sample rate, got {heard_hz}.")
        encoder, decoder = make_enc_dec("stft", n_filters, kernel_size, stride=stride, sample_rate=sample_rate)
        freqs = encoder.n_feats_out // 2
        heard_bins = freqs if heard_hz is None else int(heard_hz * n_filters / sample_rate) + 1
        rnn = SingleRNN(rnn_type, heard_bins, hidden_size, n_layers, dropout=dropout, bidirectional=bidirectional)
        masker = _Heads(rnn, freqs, n_src, embedding_dim, dropout)
        super().__init__(encoder, masker, decoder, sample_rate=sample_rate, n_sources=n_src)
        self.masker: _Heads
        self.take_log, self.normalize, self.heard_bins = take_log, normalize, heard_bins
        self.norm = norms.get("cLN")(heard_bins) if normalize == "frames" else nn.Identity()
        self.head = head
        if not bidirectional and head == "masks" and normalize == "none":
            self.lookahead_samples = kernel_size - 1

    def forward_masker(self, tf_rep: Tensor) -> Tensor:
        """Masks ``(batch, source, freq, frame)`` from the frames ``(batch, 2 freq, frame)``."""
        hidden = self._hidden(tf_rep)
        return self.masker.masks(hidden) if self.head == "masks" else self._clustered(tf_rep, hidden)

    @frame_wise
    def apply_masks(self, tf_rep: Tensor, est_masks: Tensor) -> Tensor:
        """Masked frames ``(batch, source, 2 freq, frame)``."""
        return transforms.apply_mag_mask(tf_rep.unsqueeze(1), est_masks)

    def embed(self, wav: Tensor) -> Tensor:
        """Unit vectors of all bins, ``(batch, freq * frame, dim)``, of the waves ``(batch, time)``."""
        return self.masker.embeddings(self._hidden(self.forward_encoder(wav.unsqueeze(1))))

    def embed_and_mask(self, wav: Tensor) -> tuple[Tensor, Tensor]:
        """What both heads give for ``(batch, time)``: ``embed``, and masks ``(batch, source, freq, frame)``."""
        hidden = self._hidden(self.forward_encoder(wav.unsqueeze(1)))
        return self.masker.embeddings(hidden), self.masker.masks(hidden)

    def embed_and_separate(self, wav: Tensor) -> tuple[Tensor, Tensor]:
        """``embed`` of ``(batch, time)``, and the waves ``(batch, source, time)`` that the masks give."""
        waves = mono_batch(wav, min_samples=self.min_samples)
        frames = self.forward_encoder(waves)
        hidden = self._hidden(frames)
        separated = self._synthesise(frames, self.masker.masks(hidden))
        return self.masker.embeddings(hidden), as_given(separated, wav)

    def _hidden(self, tf_rep: Tensor) -> Tensor:
        seen = transforms.mag(tf_rep)[:, : self.heard_bins]
        if self.normalize != "none":
            seen = seen / (seen.mean((-2, -1), keepdim=True) + _EPS) + _FLOOR
        elif self.take_log:
            seen = seen + _EPS
        seen = self.norm(seen.log() if self.take_log else seen)
        if self.normalize == "recording":
            seen = (seen - seen.mean(-1, keepdim=True)) / _DEVIATION
        hidden: Tensor = self.masker(seen.mT)
        return hidden

    def _clustered(self, tf_rep: Tensor, hidden: Tensor) -> Tensor:
        active = ebased_vad(transforms.mag(tf_rep))  # (batch, freq, frame)
        points = self.masker.embeddings(hidden)
        masks = torch.ones(active.shape[0], self.n_sources, *active.shape[1:], dtype=hidden.dtype, device=hidden.device)
        for mask, bins, vectors in zip(masks, active, points, strict=True):
            heard = vectors[bins.flatten()]
            if len(heard) >= self.n_sources:  # bins that are silent, or too few to tell apart, go to all sources
                labels = k_means(heard, self.n_sources)
                mask[:, bins] = (labels == torch.arange(self.n_sources, device=labels.device).unsqueeze(1)).to(mask)
        return masks


class _Heads(nn.Module):
    def __init__(self, rnn: SingleRNN, freqs: int, n_src: int, embedding_dim: int, dropout: float) -> None:
        super().__init__()
        self.n_src, self.embedding_dim = n_src, embedding_dim
        self.rnn = rnn
        self.dropout = nn.Dropout(dropout)
        self.mask_layer = nn.Linear(rnn.output_size, freqs * n_src)
        self.embedding_layer = nn.Linear(rnn.output_size, freqs * embedding_dim)

    def forward(self, seen: Tensor) -> Tensor:
        """``(batch, frame, freq)`` to ``(batch, frame, hidden)``."""
        hidden: Tensor = self.dropout(self.rnn(seen))
        return hidden

    def masks(self, hidden: Tensor) -> Tensor:
        """``(batch, source, freq, frame)``, between 0 and 1."""
        masks: Tensor = self.mask_layer(hidden).sigmoid()
        return masks.reshape(*masks.shape[:2], self.n_src, -1).permute(0, 2, 3, 1)

    def embeddings(self, hidden: Tensor) -> Tensor:
        """``(batch, freq * frame, dim)``, unit vectors."""
        vectors: Tensor = self.embedding_layer(hidden).tanh()
        vectors = vectors.reshape(*vectors.shape[:2], -1, self.embedding_dim).transpose(1, 2).flatten(1, 2)
        lengths: Tensor = torch.linalg.vector_norm(vectors, dim=-1, keepdim=True)
        return vectors * (lengths + _EPS).reciprocal()  # a division's gradient would cost three
