"""Multi-Decoder DPRNN: separation of an unknown number of speakers, which it counts.

    wave (batch, 1, time) --encoder--> (batch, filter, frame) --DPRNN blocks--> (batch, channel, chunk, n_chunks)
        --selector--> one score a number of speakers
        --the decoder for that number--> estimates (batch, most speakers, time), zeros for speakers who are not there

Source: Zhu et al., "Multi-Decoder DPRNN: source separation for variable number of speakers", ICASSP 2021, fig. 1.
Differs: dual-path blocks with one recurrent network by default; the paper's two are ``use_mulcat=True``.
Checked: tests/models/test_multi_decoder_dprnn.py (recipe's weights, a decoder agrees with DPRNN, counting).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from separate_cli.dsp.dual_path import DualPathProcessing
from separate_cli.filterbanks import Decoder, make_enc_dec
from separate_cli.filterbanks.recording import is_eager
from separate_cli.layers import activations, norms
from separate_cli.layers.dual_path import DPRNNBlock
from separate_cli.models.base import Separator
from separate_cli.models.shapes import as_given, mono_batch

__all__ = ["MultiDecoderDPRNN"]


class MultiDecoderDPRNN(Separator):
    """One dual-path network with a decoder for each number of speakers.

    Training compares ``forward_stages``, every block's estimates and scores, with the references; ``forward`` uses the
    last block and, unless told, the number of speakers with the highest score.

    Args:
        n_srcs: Numbers of speakers to choose from.
        bn_chan: Features between the blocks.
        hid_size: Hidden features of a direction.
        chunk_size: Frames in a chunk.
        hop_size: Frames between two chunks; half a chunk unless given.
        n_repeats: Number of blocks.
        norm_type: Name of the normalisation.
        mask_act: Name of the mask's activation.
        bidirectional: Whether the networks across chunks read in both directions.
        rnn_type: ``"LSTM"``, ``"GRU"`` or ``"RNN"``.
        num_layers: Layers of a recurrent network.
        dropout: Probability that a number between two layers is dropped in training.
        kernel_size: Length of the encoder's filters in samples.
        n_filters: Number of filters.
        stride: Samples between two frames.
        encoder_activation: Name of what follows the encoder.
        use_mulcat: Two recurrent networks, multiplied, in place of each one.
        sample_rate: In Hz.

    Raises:
        ValueError: If a name is unknown or there is no number of speakers.

    >>> model = MultiDecoderDPRNN([2, 3], bn_chan=8, hid_size=8, n_repeats=1)
    >>> model(torch.randn(1, 1000), counts=torch.tensor([2]))[0, 2].any()
    tensor(False)
    """

    def __init__(
        self,
        n_srcs: Sequence[int],
        bn_chan: int = 128,
        hid_size: int = 128,
        chunk_size: int = 100,
        hop_size: int | None = None,
        *,
        n_repeats: int = 6,
        norm_type: str = "gLN",
        mask_act: str = "sigmoid",
        bidirectional: bool = True,
        rnn_type: str = "LSTM",
        num_layers: int = 1,
        dropout: float = 0,
        kernel_size: int = 16,
        n_filters: int = 64,
        stride: int = 8,
        encoder_activation: str | None = None,
        use_mulcat: bool = False,
        sample_rate: float = 8000,
    ) -> None:
        super().__init__(sample_rate=sample_rate, n_sources=max(n_srcs, default=0))
        self.n_srcs = tuple(n_srcs)
        self.hop_samples = stride
        self.encoder, _ = make_enc_dec("free", n_filters, kernel_size, stride=stride, sample_rate=sample_rate)
        self.enc_activation = activations.get(encoder_activation)()
        chunks = DualPathProcessing(chunk_size, hop_size, normalise=False)
        blocks = (
            DPRNNBlock(
                bn_chan,
                hid_size,
                norm_type,
                bidirectional,
                rnn_type,
                use_mulcat=use_mulcat,
                num_layers=num_layers,
                dropout=dropout,
            )
            for _ in range(n_repeats)
        )
        bottleneck = nn.Sequential(norms.get(norm_type)(n_filters), nn.Conv1d(n_filters, bn_chan, 1))
        self.masker = _Stages(chunks, bottleneck, nn.ModuleList(blocks))
        decoders = nn.ModuleList()
        for count in n_srcs:
            _, synthesis = make_enc_dec("free", n_filters, kernel_size, stride=stride, sample_rate=sample_rate)
            decoders.append(_Decoder(count, bn_chan, chunks, synthesis, mask_act=mask_act))
        self.decoder_select = _DecoderSelect(decoders, self.n_sources, bn_chan, n_filters)

    def forward(self, wav: Tensor, counts: Tensor | None = None) -> Tensor:
        """Separate ``wav``, ``(time)``, ``(batch, time)`` or ``(batch, 1, time)``.

        Args:
            wav: Mixtures.
            counts: How many speakers there are, ``(batch)``; counted when None.

        Returns:
            ``(source, time)`` for 1-D input, else ``(batch, source, time)``, as long as the input. Estimates after the
            last speaker are zeros.

        Raises:
            ValueError: If the shape is none of these, or there is no decoder for a number of speakers.
        """
        frames = self._frames(wav)
        *_, chunks = self.masker(frames)
        choice = self.decoder_select.scores(chunks).argmax(-1) if counts is None else self._indices(counts)
        return as_given(self.decoder_select(chunks, frames, choice), wav)

    def count_speakers(self, wav: Tensor) -> Tensor:
        """How many speakers there probably are, ``(batch)``, in waves as for ``forward``."""
        *_, chunks = self.masker(self._frames(wav))
        numbers = torch.tensor(self.n_srcs, device=chunks.device)
        return numbers[self.decoder_select.scores(chunks).argmax(-1)]

    def forward_stages(self, wav: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
        """What training looks at: the estimates and scores of every block.

        Args:
            wav: Mixtures as for ``forward``.
            counts: How many speakers there are, ``(batch)``.

        Returns:
            Estimates ``(batch, block, source, time)`` and scores ``(batch, block, decoder)``, for a softmax.
        """
        frames, choice = self._frames(wav), self._indices(counts)
        stages = self.masker(frames)
        batch = wav.reshape(-1, wav.shape[-1])
        waves = [as_given(self.decoder_select(chunks, frames, choice), batch) for chunks in stages]
        return torch.stack(waves, 1), torch.stack([self.decoder_select.scores(chunks) for chunks in stages], 1)

    def _frames(self, wav: Tensor) -> Tensor:
        frames: Tensor = self.enc_activation(self.encoder(mono_batch(wav, min_samples=self.encoder.kernel_size)))
        return frames

    def _indices(self, counts: Tensor) -> Tensor:
        known = counts.unsqueeze(-1) == torch.tensor(self.n_srcs, device=counts.device)
        if is_eager() and not bool(known.any(-1).all()):
            raise ValueError(f"There are decoders for {self.n_srcs} speakers, got {counts.tolist()}.")
        return known.int().argmax(-1)


class _Stages(nn.Module):
    """Frames ``(batch, filter, frame)`` to what each block gives, ``(batch, channel, chunk, n_chunks)``."""

    def __init__(self, chunks: DualPathProcessing, bottleneck: nn.Module, net: nn.ModuleList) -> None:
        super().__init__()
        self.chunks = chunks
        self.bottleneck = bottleneck
        self.net = net

    def forward(self, frames: Tensor) -> list[Tensor]:
        stages = [self.chunks.unfold(self.bottleneck(frames))]
        for block in self.net:
            stages.append(block(stages[-1]))
        return stages[1:]


class _Decoder(nn.Module):
    """Masks and synthesis for one number of speakers."""

    def __init__(
        self, n_src: int, bn_chan: int, chunks: DualPathProcessing, synthesis: Decoder, *, mask_act: str
    ) -> None:
        super().__init__()
        self.n_src = n_src
        self.chunks = chunks
        self.first_out = nn.Sequential(nn.PReLU(), nn.Conv2d(bn_chan, n_src * bn_chan, 1))
        self.net_out = nn.Sequential(nn.Conv1d(bn_chan, bn_chan, 1), nn.Tanh())
        self.net_gate = nn.Sequential(nn.Conv1d(bn_chan, bn_chan, 1), nn.Sigmoid())
        self.mask_net = nn.Conv1d(bn_chan, synthesis.n_feats_out, 1, bias=False)
        self.output_act = activations.for_masks(mask_act, softmax_dim=1)
        self.trans_conv = synthesis

    def forward(self, chunks: Tensor, frames: Tensor) -> Tensor:
        """``(batch, n_src, time)``."""
        spread = self.first_out(chunks)
        sources = spread.reshape(-1, spread.shape[1] // self.n_src, *spread.shape[2:])
        x = self.chunks.fold(sources, frames.shape[-1])  # (batch * n_src, channel, frame)
        masks = self.output_act(self.mask_net(self.net_out(x) * self.net_gate(x)))
        waves: Tensor = self.trans_conv(masks.reshape(-1, self.n_src, *masks.shape[1:]) * frames.unsqueeze(1))
        return waves


class _DecoderSelect(nn.Module):
    def __init__(self, decoders: nn.ModuleList, most: int, bn_chan: int, n_filters: int) -> None:
        super().__init__()
        self.decoders = decoders
        self.most = most
        self.selector = nn.Sequential(
            nn.Conv2d(bn_chan, n_filters, 1), nn.AdaptiveAvgPool2d(1), nn.ReLU(), nn.Conv2d(n_filters, len(decoders), 1)
        )

    def scores(self, chunks: Tensor) -> Tensor:
        """``(batch, decoder)``."""
        # The mean of what the first layer gives is what it gives for the mean.
        scores: Tensor = self.selector(chunks.mean((2, 3), keepdim=True))
        return scores.flatten(1)

    def forward(self, chunks: Tensor, frames: Tensor, choice: Tensor) -> Tensor:
        """``(batch, most speakers, time)`` by the decoders with the indices ``choice``, ``(batch)``."""
        if is_eager():
            rows = zip(chunks.unsqueeze(1), frames.unsqueeze(1), choice.tolist(), strict=True)
            return torch.cat([self._decoded(*row) for row in rows])
        # A traced graph cannot choose: it runs all decoders and keeps one.
        decoded = torch.stack([self._decoded(chunks, frames, index) for index in range(len(self.decoders))], 1)
        kept = functional.one_hot(choice, len(self.decoders)).to(decoded.dtype)
        return torch.einsum("bdst,bd->bst", decoded, kept)

    def _decoded(self, chunks: Tensor, frames: Tensor, index: int) -> Tensor:
        waves: Tensor = self.decoders[index](chunks, frames)
        return functional.pad(waves, (0, 0, 0, self.most - waves.shape[1]))
