"""Dual-path recurrent networks: a long sequence is cut into chunks, read along each chunk, then across the chunks.

    frames (batch, feature, frame) --unfold--> (batch, feature, position in chunk, chunk)
        --intra: along the positions; inter: along the chunks; n_repeats times-->
        --fold: overlapping chunks are added--> (batch, feature, frame)

For inference on a CPU the recurrent networks read a few sequences at a time, and what they give is normalised and added
in place (see ``separate_cli.layers.blocks``).

Source: Luo et al., "Dual-path RNN", ICASSP 2020, fig. 1.
Checked: tests/layers/test_dual_path.py (groups = whole), tests/models/test_goldens.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from separate_cli.dsp.dual_path import DualPathProcessing
from separate_cli.layers import activations, norms
from separate_cli.layers.blocks import Moments, by_blocks, is_plain_inference, time_blocks
from separate_cli.layers.cpu_training import PReLU, is_plain_training
from separate_cli.layers.recurrent import MulCatRNN, SingleRNN

__all__ = ["DPRNN", "DPRNNBlock", "DualPathProcessing", "sequence_groups"]

_GROUP_NUMBERS = 6 << 20
"""Numbers of the gates of a direction at a time: 24 MiB in single precision; glibc maps blocks above 32 MiB anew."""
_TRAINING_STEPS = 8_000
"""Steps of all sequences that a recurrent network reads at a time in training."""
_SMALLEST_GROUP = 8
"""Sequences; below it the steps of a recurrent network are too small to be fast."""


class DPRNNBlock(nn.Module):
    """A recurrent network along the chunks' positions, then one along the chunks, each normalised and added.

    Args:
        in_chan: Features.
        hid_size: Hidden features of a direction.
        norm_type: Name of the normalisation.
        bidirectional: Whether the second network reads in both directions; the first always does.
        rnn_type: ``LSTM``, ``GRU`` or ``RNN``.
        use_mulcat: Two networks, multiplied, beside the input, in place of each one.
        num_layers: Layers of a recurrent network.
        dropout: Probability that a number between two layers is dropped in training.
    """

    def __init__(
        self,
        in_chan: int,
        hid_size: int,
        norm_type: str = "gLN",
        bidirectional: bool = True,
        rnn_type: str = "LSTM",
        *,
        use_mulcat: bool = False,
        num_layers: int = 1,
        dropout: float = 0,
    ) -> None:
        super().__init__()
        rnn = MulCatRNN if use_mulcat else SingleRNN
        self.intra_RNN = rnn(rnn_type, in_chan, hid_size, num_layers, dropout, bidirectional=True)
        self.intra_linear = nn.Linear(self.intra_RNN.output_size, in_chan)
        self.intra_norm = norms.get(norm_type)(in_chan)
        self.inter_RNN = rnn(rnn_type, in_chan, hid_size, num_layers, dropout, bidirectional=bidirectional)
        self.inter_linear = nn.Linear(self.inter_RNN.output_size, in_chan)
        self.inter_norm = norms.get(norm_type)(in_chan)

    def forward(self, x: Tensor) -> Tensor:
        """``(batch, in_chan, position, chunk)`` to the same shape."""
        x = x + self.intra_norm(_along(2, x, self.intra_RNN, self.intra_linear))
        added: Tensor = x + self.inter_norm(_along(3, x, self.inter_RNN, self.inter_linear))
        return added

    def add_in_place(self, x: Tensor, work: Tensor) -> None:
        """``forward`` for one example, ``(chunk, position, in_chan)``, in its place; ``work`` is memory like ``x``."""
        for rnn, linear, norm, sequences, results in (
            (self.intra_RNN, self.intra_linear, self.intra_norm, x, work),
            (self.inter_RNN, self.inter_linear, self.inter_norm, x.transpose(0, 1), work.transpose(0, 1)),
        ):
            moments = Moments()
            for group in sequence_groups(sequences.shape[0], sequences.shape[1], rnn.hidden_size):
                done = linear(rnn.read(sequences[group].transpose(0, 1)))  # (step, sequence, in_chan)
                moments.add(done.flatten(0, 1))
                results[group] = done.transpose(0, 1)
            _normalise_and_add(x.flatten(0, 1), work.flatten(0, 1), norm, moments)


class DPRNN(nn.Module):
    """Masks from a dual-path recurrent network.

    Args:
        in_chan: Features of a frame.
        n_src: Number of masks.
        out_chan: Features of a mask; ``in_chan`` unless given.
        bn_chan: Features inside.
        hid_size: Hidden features of a direction.
        chunk_size: Frames in a chunk.
        hop_size: Frames between the starts of two chunks; half a chunk unless given.
        n_repeats: Number of blocks.
        norm_type: Name of the normalisation.
        mask_act: Name of the mask's activation; a softmax sums to one over the features, as it always did.
        bidirectional: Whether the networks across chunks read in both directions.
        rnn_type: ``LSTM``, ``GRU`` or ``RNN``.
        use_mulcat: Two networks, multiplied, beside the input, in place of each one.
        num_layers: Layers of a recurrent network.
        dropout: Probability that a number between two layers is dropped in training.

    Differs: chunks are added without dividing by their overlap, as in Asteroid.

    >>> DPRNN(8, n_src=2, bn_chan=4, hid_size=3, chunk_size=6, n_repeats=1)(torch.zeros(1, 8, 20)).shape
    torch.Size([1, 2, 8, 20])
    """

    def __init__(
        self,
        in_chan: int,
        n_src: int,
        out_chan: int | None = None,
        bn_chan: int = 128,
        hid_size: int = 128,
        *,
        chunk_size: int = 100,
        hop_size: int | None = None,
        n_repeats: int = 6,
        norm_type: str = "gLN",
        mask_act: str = "relu",
        bidirectional: bool = True,
        rnn_type: str = "LSTM",
        use_mulcat: bool = False,
        num_layers: int = 1,
        dropout: float = 0,
    ) -> None:
        super().__init__()
        self.n_src = n_src
        self.bn_chan = bn_chan
        self.ola = DualPathProcessing(chunk_size, hop_size, normalise=False)
        self.bottleneck = nn.Sequential(norms.get(norm_type)(in_chan), nn.Conv1d(in_chan, bn_chan, 1))
        self.net: Any = nn.Sequential(
            *(
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
        )
        self.first_out = nn.Sequential(PReLU(), nn.Conv2d(bn_chan, n_src * bn_chan, 1))
        self.net_out = nn.Sequential(nn.Conv1d(bn_chan, bn_chan, 1), nn.Tanh())
        self.net_gate = nn.Sequential(nn.Conv1d(bn_chan, bn_chan, 1), nn.Sigmoid())
        self.mask_net = nn.Conv1d(bn_chan, out_chan or in_chan, 1, bias=False)
        self.output_act = activations.for_masks(mask_act, softmax_dim=1)

    def forward(self, mixture_w: Tensor) -> Tensor:
        """Masks ``(batch, n_src, out_chan, frame)`` from the frames ``(batch, in_chan, frame)``."""
        n_frames = mixture_w.shape[-1]
        chunks = self.ola.unfold(self.bottleneck(mixture_w))  # (batch, bn_chan, position, chunk)
        by_groups = is_plain_inference(chunks) and not self.training and self._knows_blocks()
        chunks = self._net_in_place(chunks) if by_groups else self.net(chunks)
        spread = by_blocks(self.first_out, chunks) if by_groups else self.first_out(chunks)
        sources = torch.unflatten(spread, 1, (self.n_src, self.bn_chan)).flatten(0, 1)  # (batch * source, bn_chan, ...)
        frames = self.ola.fold(sources, n_frames)  # (batch * source, bn_chan, frame)
        masks = by_blocks(self._masks, frames) if by_groups else self._masks(frames)
        return torch.unflatten(masks, 0, (-1, self.n_src))

    def _masks(self, frames: Tensor) -> Tensor:
        masks: Tensor = self.output_act(self.mask_net(self.net_out(frames) * self.net_gate(frames)))
        return masks

    def _knows_blocks(self) -> bool:
        return all(hasattr(block.inter_norm, "normalizer") for block in self.net)

    def _net_in_place(self, chunks: Tensor) -> Tensor:
        done = chunks.permute(0, 3, 2, 1).contiguous()  # (batch, chunk, position, bn_chan)
        work = torch.empty_like(done[0])
        for example in done:
            for block in self.net:
                block.add_in_place(example, work)
        return done.permute(0, 3, 2, 1)


def _along(axis: int, x: Tensor, rnn: Any, linear: nn.Linear) -> Tensor:
    """What a network gives that reads ``(batch, in_chan, position, chunk)`` along one of the last two axes.

    In training on a CPU it reads a few examples at a time: what it keeps for the backward pass is then still in the
    cache when it is used. PyTorch keeps about 15 numbers for each hidden feature of each step, nearly all that a
    training holds; across the chunks nothing is kept, and read again in the backward pass: for an eighth more time a
    third less memory.
    """
    if not is_plain_training(x):
        return _read_along(axis, x, rnn, linear)
    few = torch.split(x, max(1, _TRAINING_STEPS // (x.shape[2] * x.shape[3])))
    if axis == 2:
        return torch.cat([_read_along(axis, examples, rnn, linear) for examples in few])
    return torch.cat([checkpoint(_read_along, axis, examples, rnn, linear, use_reentrant=False) for examples in few])


def _read_along(axis: int, x: Tensor, rnn: Any, linear: nn.Linear) -> Tensor:
    steps = x.permute(axis, 0, 5 - axis, 1)  # (step, batch, other axis, in_chan)
    read: Tensor = linear(rnn.read(steps.flatten(1, 2))).reshape(steps.shape)
    return read.permute(1, 3, 0, 2) if axis == 2 else read.permute(1, 3, 2, 0)


def sequence_groups(n_sequences: int, n_steps: int, hidden_size: int) -> Iterator[slice]:
    """Slices of the sequences, so that an LSTM of ``hidden_size`` fills little memory at a time.

    >>> list(sequence_groups(100, n_steps=1200, hidden_size=32))
    [slice(0, 40, None), slice(40, 80, None), slice(80, 100, None)]
    """
    size = max(_GROUP_NUMBERS // (n_steps * 4 * hidden_size), _SMALLEST_GROUP)
    for start in range(0, n_sequences, size):
        yield slice(start, min(start + size, n_sequences))


def _normalise_and_add(x: Tensor, results: Tensor, norm: Any, moments: Moments) -> None:
    """``x += norm(results)``, both ``(row, feature)``."""
    normalize = norm.normalizer(moments)
    for rows in time_blocks(*x.shape):
        part = results[rows].T  # (feature, row), as norms take it
        x[rows] += normalize(part, part).T
