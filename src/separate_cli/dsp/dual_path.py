"""Dual-path processing: long sequences as a matrix of overlapping chunks, worked on along both axes.

    frames (batch, channel, frame) --unfold--> (batch, channel, chunk, n_chunks)
        --intra_process: along a chunk; inter_process: across chunks--> same shape --fold--> (batch, channel, frame)

The sequence is padded with one chunk of zeros on either side, so that every frame lies in as many chunks as any other.
Where the hop divides the chunk, both ways are slices and sums, else convolutions: every exporter knows those.

Source: Luo et al., "Dual-path RNN", ICASSP 2020, section 2.1.
Checked: tests/dsp/test_dual_path.py (torch's fold and unfold, exact return at every hop, tracing at other lengths).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["DualPathProcessing", "fold_chunks", "unfold_chunks"]


def unfold_chunks(frames: Tensor, chunk_size: int, hop_size: int) -> Tensor:
    """Overlapping chunks of a sequence, one chunk of zeros added on either side.

    Args:
        frames: ``(batch, channel, frame)``.
        chunk_size: Frames in a chunk.
        hop_size: Frames between two chunks, at most ``chunk_size``.

    Returns:
        ``(batch, channel, chunk, n_chunks)`` with ``n_chunks = (frame + chunk_size) // hop_size + 1``.

    >>> unfold_chunks(torch.tensor([[[1.0, 2.0, 3.0]]]), chunk_size=2, hop_size=1).squeeze()
    tensor([[0., 0., 1., 2., 3., 0.],
            [0., 1., 2., 3., 0., 0.]])
    """
    batch, channels, _ = frames.shape
    if chunk_size % hop_size:
        rows = frames.reshape(-1, 1, frames.shape[-1])
        chunks = functional.conv1d(rows, _delays(chunk_size, frames), stride=hop_size, padding=chunk_size)
        return chunks.reshape(batch, channels, chunk_size, -1)
    padded = functional.pad(frames, (chunk_size, chunk_size + hop_size))
    # One hop more than needed: the slice is then never the whole, and an exporter sees one case for all lengths.
    whole = (padded.shape[-1] // hop_size - 1) * hop_size
    hops = padded[..., :whole].reshape(batch, channels, -1, hop_size).transpose(2, 3)
    overlap = chunk_size // hop_size
    last = hops.shape[-1] - overlap + 1
    return torch.cat([hops[..., j : j + last] for j in range(overlap)], dim=2)  # (batch, channel, chunk, n_chunks)


def fold_chunks(chunks: Tensor, chunk_size: int, hop_size: int, n_frames: int) -> Tensor:
    """Sum of overlapping chunks: where ``k`` chunks overlap, ``k`` times the sequence that ``unfold_chunks`` took.

    Args:
        chunks: ``(batch, channel, chunk, n_chunks)``.
        chunk_size: Frames in a chunk.
        hop_size: Frames between two chunks.
        n_frames: Length of the sequence, without the zeros on either side.

    Returns:
        ``(batch, channel, n_frames)``.

    >>> fold_chunks(unfold_chunks(torch.tensor([[[1.0, 2.0, 3.0]]]), 2, 1), 2, 1, n_frames=3)
    tensor([[[2., 4., 6.]]])
    """
    batch, channels, _, n_chunks = chunks.shape
    if chunk_size % hop_size:
        columns = chunks.reshape(-1, chunk_size, n_chunks)
        summed = functional.conv_transpose1d(columns, _delays(chunk_size, chunks), stride=hop_size)
        return summed.reshape(batch, channels, -1)[..., chunk_size : chunk_size + n_frames]
    overlap = chunk_size // hop_size
    parts = chunks.reshape(batch, channels, overlap, hop_size, n_chunks).transpose(3, 4)
    # Only hops that lie in as many chunks as the others do: those at the ends are in the zeros on either side.
    whole = n_chunks - overlap + 1
    shifted = [parts[:, :, j, overlap - 1 - j : overlap - 1 - j + whole] for j in range(overlap)]
    hops = sum(shifted[1:], shifted[0])  # (batch, channel, n_hops, hop)
    return hops.reshape(batch, channels, -1)[..., hop_size : hop_size + n_frames]


def _delays(chunk_size: int, like: Tensor) -> Tensor:
    """Filters ``(chunk, 1, chunk)``, each of which picks one frame of a chunk."""
    return torch.eye(chunk_size, dtype=like.dtype, device=like.device).unsqueeze(1)


def _is_recorded() -> bool:
    """Whether a graph is being recorded, which holds for other lengths than the one at hand."""
    tracing: bool = torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]  # untyped in torch
    return tracing or torch.compiler.is_compiling()


class DualPathProcessing(nn.Module):
    """Chunks of a fixed size and hop, and what can be done along their two axes.

    Args:
        chunk_size: Frames in a chunk.
        hop_size: Frames between two chunks; half a chunk unless given.
        normalise: Divide the sum in ``fold`` by ``chunk_size / hop_size``, so that ``fold`` undoes ``unfold`` where the
            hop divides the chunk. DPTNet does, DPRNN does not.

    Raises:
        ValueError: If the hop is not 1 to ``chunk_size``.

    >>> path = DualPathProcessing(chunk_size=10, hop_size=5)
    >>> frames = torch.randn(2, 3, 37)
    >>> torch.allclose(path.fold(path.unfold(frames), 37), frames)
    True
    >>> torch.allclose(path.fold(path.unfold(frames)), frames)  # as long as what was last unfolded
    True
    """

    def __init__(self, chunk_size: int, hop_size: int | None = None, *, normalise: bool = True) -> None:
        super().__init__()
        hop_size = hop_size if hop_size is not None else chunk_size // 2
        if not 1 <= hop_size <= chunk_size:
            raise ValueError(f"The hop must be 1 to {chunk_size} frames, the chunk's length, got {hop_size}.")
        self.chunk_size = chunk_size
        self.hop_size = hop_size
        self.normalise = normalise
        self.n_orig_frames: int | None = None

    def unfold(self, x: Tensor) -> Tensor:
        """``(batch, channel, frame)`` to ``(batch, channel, chunk, n_chunks)``.

        Raises:
            ValueError: If ``x`` is not 3-D.
        """
        if x.ndim != 3:
            raise ValueError(f"Expected frames of shape (batch, channel, frame), got {tuple(x.shape)}.")
        if not _is_recorded():  # a graph is for any length
            self.n_orig_frames = x.shape[-1]
        return unfold_chunks(x, self.chunk_size, self.hop_size)

    def fold(self, x: Tensor, output_size: int | None = None) -> Tensor:
        """``(batch, channel, chunk, n_chunks)`` to ``(batch, channel, output_size)``.

        Args:
            x: Chunks.
            output_size: Frames of the whole sequence; those that the last ``unfold`` took unless given. A graph that
                is recorded needs it.

        Raises:
            ValueError: If ``x`` is not 4-D, or there is nothing to take ``output_size`` from.
        """
        if x.ndim != 4:
            raise ValueError(f"Expected chunks of shape (batch, channel, chunk, n_chunks), got {tuple(x.shape)}.")
        n_frames = self.n_orig_frames if output_size is None and not _is_recorded() else output_size
        if n_frames is None:
            raise ValueError("Give output_size: nothing was unfolded here before, or a graph is being recorded.")
        summed = fold_chunks(x, self.chunk_size, self.hop_size, n_frames)
        return summed * (self.hop_size / self.chunk_size) if self.normalise else summed

    @staticmethod
    def intra_process(x: Tensor, module: Callable[[Tensor], Tensor]) -> Tensor:
        """Apply ``module``, from and to ``(batch, channel, chunk)``, within every chunk of ``x``."""
        batch, channels, chunk_size, n_chunks = x.shape
        rows = x.permute(0, 3, 1, 2).reshape(-1, channels, chunk_size)  # (batch * n_chunks, channel, chunk)
        return module(rows).reshape(batch, n_chunks, channels, chunk_size).permute(0, 2, 3, 1)

    @staticmethod
    def inter_process(x: Tensor, module: Callable[[Tensor], Tensor]) -> Tensor:
        """Apply ``module``, from and to ``(batch, channel, n_chunks)``, across the chunks of ``x``."""
        batch, channels, chunk_size, n_chunks = x.shape
        columns = x.transpose(1, 2).reshape(-1, channels, n_chunks)  # (batch * chunk, channel, n_chunks)
        return module(columns).reshape(batch, chunk_size, channels, n_chunks).transpose(1, 2)
