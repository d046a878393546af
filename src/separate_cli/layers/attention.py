"""Transformer layer with a recurrent network in place of the position encoding, and the dual-path mask network of it.

    (batch, feature, step) --self-attention, add, norm--> --LSTM, activation, dense, add, norm--> same shape

    frames (batch, in, frame) --norm--> chunks --layer along positions, layer along chunks, n_repeats times-->
        --PReLU, 1x1, overlap-add, tanh gate, activation--> masks (batch, source, in, frame)

Source: Chen et al., "Dual-path transformer network", Interspeech 2020, fig. 2 and 3.
Checked: tests/layers/test_attention.py (attention by hand), tests/models/test_goldens.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from separate_cli.dsp.dual_path import DualPathProcessing
from separate_cli.layers import activations, norms
from separate_cli.layers.blocks import by_blocks, is_plain_inference
from separate_cli.layers.cpu_training import PReLU
from separate_cli.layers.dual_path import sequence_groups

__all__ = ["DPTransformer", "ImprovedTransformedLayer"]


class ImprovedTransformedLayer(nn.Module):
    """Self-attention, then a recurrent feed-forward part, each added to its input and normalised.

    Args:
        embed_dim: Features; a multiple of ``n_heads``.
        n_heads: Number of attention heads.
        dim_ff: Hidden features of a direction of the LSTM.
        dropout: Probability that a number is dropped in training.
        activation: Name of what follows the LSTM.
        bidirectional: Whether the LSTM reads in both directions.
        norm: Name of the normalisation; each sequence is an example of its own.

    >>> ImprovedTransformedLayer(8, 2, 6)(torch.zeros(3, 8, 5)).shape
    torch.Size([3, 8, 5])
    """

    def __init__(
        self,
        embed_dim: int,
        n_heads: int,
        dim_ff: int,
        dropout: float = 0.0,
        activation: str = "relu",
        *,
        bidirectional: bool = True,
        norm: str = "gLN",
    ) -> None:
        super().__init__()
        self.mha = nn.MultiheadAttention(embed_dim, n_heads, dropout=dropout, batch_first=True)  # holds the weights
        self.dropout = nn.Dropout(dropout)
        self.recurrent = nn.LSTM(embed_dim, dim_ff, bidirectional=bidirectional, batch_first=True)
        self.linear = nn.Linear(dim_ff * (2 if bidirectional else 1), embed_dim)
        self.activation = activations.get(activation)()
        self.norm_mha = norms.get(norm)(embed_dim)
        self.norm_ff = norms.get(norm)(embed_dim)

    def forward(self, x: Tensor) -> Tensor:
        """``(batch, embed_dim, step)`` to the same shape."""
        heard = self._attend(x.transpose(1, 2)).transpose(1, 2)
        x = self.norm_mha(self.dropout(heard) + x)
        read = self.linear(self.dropout(self.activation(self.recurrent(x.transpose(1, 2))[0])))
        normed: Tensor = self.norm_ff(self.dropout(read).transpose(1, 2) + x)
        return normed

    def _attend(self, steps: Tensor) -> Tensor:
        """``self.mha`` of ``(batch, step, embed_dim)`` to itself, without ever holding all weights of all steps."""
        projected = functional.linear(steps, self.mha.in_proj_weight, self.mha.in_proj_bias)
        query, key, value = (
            torch.unflatten(part, -1, (self.mha.num_heads, -1)).transpose(1, 2) for part in projected.chunk(3, -1)
        )  # (batch, head, step, embed_dim / n_heads)
        dropout = self.mha.dropout if self.training else 0.0
        heard = functional.scaled_dot_product_attention(query, key, value, dropout_p=dropout)
        attended: Tensor = self.mha.out_proj(heard.transpose(1, 2).flatten(2))
        return attended


class DPTransformer(nn.Module):
    """Masks from a dual-path transformer.

    Args:
        in_chan: Features of a frame.
        n_src: Number of masks.
        n_heads: Number of attention heads. Where they do not divide ``in_chan``, a dense layer makes more features.
        ff_hid: Hidden features of a direction of the LSTMs.
        chunk_size: Frames in a chunk.
        hop_size: Frames between the starts of two chunks; half a chunk unless given.
        n_repeats: Number of pairs of layers.
        norm_type: Name of the normalisation.
        ff_activation: Name of what follows the LSTMs.
        mask_act: Name of the mask's activation; a softmax sums to one over the sources.
        bidirectional: Whether the LSTMs across chunks read in both directions; those along a chunk always do.
        dropout: Probability that a number is dropped in training.

    >>> DPTransformer(6, n_src=2, n_heads=4, ff_hid=3, chunk_size=6, n_repeats=1)(torch.zeros(1, 6, 20)).shape
    torch.Size([1, 2, 6, 20])
    """

    def __init__(
        self,
        in_chan: int,
        n_src: int,
        n_heads: int = 4,
        ff_hid: int = 256,
        chunk_size: int = 100,
        *,
        hop_size: int | None = None,
        n_repeats: int = 6,
        norm_type: str = "gLN",
        ff_activation: str = "relu",
        mask_act: str = "relu",
        bidirectional: bool = True,
        dropout: float = 0,
    ) -> None:
        super().__init__()
        self.n_src = n_src
        self.in_chan = in_chan
        dim = -(-in_chan // n_heads) * n_heads
        self.input_layer = nn.Linear(in_chan, dim) if dim != in_chan else None
        self.in_norm = norms.get(norm_type)(dim)
        self.ola = DualPathProcessing(chunk_size, hop_size)

        def layer(*, both_ways: bool) -> ImprovedTransformedLayer:
            return ImprovedTransformedLayer(
                dim, n_heads, ff_hid, dropout, ff_activation, bidirectional=both_ways, norm=norm_type
            )

        self.layers: Any = nn.ModuleList(
            nn.ModuleList([layer(both_ways=True), layer(both_ways=bidirectional)]) for _ in range(n_repeats)
        )
        self.first_out = nn.Sequential(PReLU(), nn.Conv2d(dim, n_src * in_chan, 1))
        self.net_out = nn.Sequential(nn.Conv1d(in_chan, in_chan, 1), nn.Tanh())
        self.net_gate = nn.Sequential(nn.Conv1d(in_chan, in_chan, 1), nn.Sigmoid())
        self.output_act = activations.for_masks(mask_act, softmax_dim=1)

    def forward(self, mixture_w: Tensor) -> Tensor:
        """Masks ``(batch, n_src, in_chan, frame)`` from the frames ``(batch, in_chan, frame)``."""
        n_frames = mixture_w.shape[-1]
        if self.input_layer is not None:
            mixture_w = self.input_layer(mixture_w.transpose(1, 2)).transpose(1, 2)
        chunks = self.ola.unfold(self.in_norm(mixture_w))  # (batch, dim, position, chunk)
        for intra, inter in self.layers:
            chunks = self.ola.intra_process(chunks, _by_groups(intra))
            chunks = self.ola.inter_process(chunks, _by_groups(inter))
        spread = by_blocks(self.first_out, chunks) if is_plain_inference(chunks) else self.first_out(chunks)
        sources = torch.unflatten(spread, 1, (self.n_src, self.in_chan)).flatten(0, 1)  # (batch * source, in_chan, ...)
        frames = self.ola.fold(sources, n_frames)
        gated = self.net_out(frames) * self.net_gate(frames)
        masks: Tensor = self.output_act(torch.unflatten(gated, 0, (-1, self.n_src)))  # (batch, source, in_chan, frame)
        return masks


def _by_groups(layer: ImprovedTransformedLayer) -> Callable[[Tensor], Tensor]:
    """``layer``, for inference a few sequences at a time: they do not depend on each other."""

    def process(x: Tensor) -> Tensor:
        done: Tensor
        if not is_plain_inference(x) or layer.training:
            done = layer(x)
            return done
        done = torch.empty_like(x)
        for group in sequence_groups(x.shape[0], x.shape[2], layer.recurrent.hidden_size):
            done[group] = layer(x[group])
        return done

    return process
