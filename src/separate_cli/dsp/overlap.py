"""Long inputs through a network in overlapping chunks, joined without a seam.

    wave (batch, channel, time) --chunks, hop apart--> network --estimates (batch, source, window)
        --order the sources as in the chunk before--> --weights that sum to one, add--> (batch, source, time)

Source: Chen et al., "Continuous speech separation: dataset and analysis", ICASSP 2020 (stitching by similarity).
Differs: weights are exact at every hop, not only where the window happens to sum to one.
Checked: tests/dsp/test_overlap.py (identity at every hop, shuffled sources, gradients).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from separate_cli.dsp.windows import overlap_weights, taper

__all__ = ["LambdaOverlapAdd", "align_sources"]


class LambdaOverlapAdd(nn.Module):
    """Any separation function, applied in overlapping chunks.

    The chunks lie on a grid that starts one window before the signal, so that every sample is covered as often as any
    other; chunks without signal are not computed.

    Args:
        nnet: From ``(batch, window)``, or ``(batch, channel, window)`` for several channels, to
            ``(batch, n_src, window)``.
        n_src: Number of sources that ``nnet`` gives.
        window_size: Length of a chunk in samples.
        hop_size: Samples between two chunks; half a window unless given.
        window: Name of the cross-fade, see ``windows.TAPERS``; None is ``"boxcar"``.
        reorder_chunks: Order each chunk's sources so that they correlate best with the chunk before.
        enable_grad: Keep gradients; without, the network runs under ``torch.no_grad``.
        chunks_at_once: How many chunks are given to ``nnet`` as one batch.

    Raises:
        ValueError: If the hop is not 1 to ``window_size``, or the window is unknown.

    >>> halves = LambdaOverlapAdd(lambda chunk: torch.stack([chunk, chunk], 1) / 2, n_src=2, window_size=8, hop_size=3)
    >>> halves(torch.ones(1, 1, 10)).unique()
    tensor([0.5000])
    """

    weights: Tensor

    def __init__(
        self,
        nnet: Callable[[Tensor], Tensor],
        n_src: int,
        window_size: int,
        hop_size: int | None = None,
        window: str | None = "hann",
        *,
        reorder_chunks: bool = True,
        enable_grad: bool = False,
        chunks_at_once: int = 1,
    ) -> None:
        super().__init__()
        hop_size = hop_size if hop_size is not None else window_size // 2
        if n_src < 1 or chunks_at_once < 1:
            raise ValueError(f"Expected at least one source and one chunk, got {n_src} and {chunks_at_once}.")
        weights = overlap_weights(taper(window or "boxcar", window_size), hop_size)
        self.register_buffer("weights", weights.float(), persistent=False)
        self.nnet = nnet
        self.n_src = n_src
        self.window_size = window_size
        self.hop_size = hop_size
        self.reorder_chunks = reorder_chunks
        self.enable_grad = enable_grad
        self.chunks_at_once = chunks_at_once
        self.sample_rate = getattr(nnet, "sample_rate", None)
        self.in_channels = getattr(nnet, "in_channels", None)

    def forward(self, x: Tensor) -> Tensor:
        """Separate ``x``, ``(time)``, ``(batch, time)`` or ``(batch, channel, time)``.

        Returns:
            ``(n_src, time)`` for a 1-D input, else ``(batch, n_src, time)``.

        Raises:
            ValueError: If ``x`` has no samples or more axes, or ``nnet`` gives another shape than announced.
        """
        if x.ndim not in {1, 2, 3} or 0 in x.shape:
            raise ValueError(f"Expected (time), (batch, time) or (batch, channel, time), got {tuple(x.shape)}.")
        wav = x.reshape(1 if x.ndim == 1 else len(x), -1, x.shape[-1])  # (batch, channel, time)
        with torch.set_grad_enabled(self.enable_grad):
            out = self._overlap_add(wav)
        return out[0] if x.ndim == 1 else out

    def _overlap_add(self, wav: Tensor) -> Tensor:
        batch, _, time = wav.shape
        padded = functional.pad(wav, (self.window_size, self.window_size))
        # A start is counted in the padded signal: chunks that begin at 1 .. window + time - 1 hold some of it.
        starts = range(self.hop_size, self.window_size + time, self.hop_size)
        out = padded.new_zeros(batch, self.n_src, padded.shape[-1])
        previous: Tensor | None = None
        for first in range(0, len(starts), self.chunks_at_once):
            group = starts[first : first + self.chunks_at_once]
            for start, estimates in zip(group, self._separate(padded, group), strict=True):
                ordered = self._in_order_of(previous, estimates)
                out[..., start : start + self.window_size] += ordered * self.weights
                previous = ordered
        return out[..., self.window_size : self.window_size + time]

    def _separate(self, padded: Tensor, starts: range) -> tuple[Tensor, ...]:
        """One ``(batch, n_src, window)`` a start."""
        chunks = torch.cat([padded[..., start : start + self.window_size] for start in starts])
        estimates = self.nnet(chunks.squeeze(1))
        if estimates.shape != (expected := (len(chunks), self.n_src, self.window_size)):
            raise ValueError(f"Expected estimates of shape {expected} from the network, got {tuple(estimates.shape)}.")
        return estimates.chunk(len(starts))

    def _in_order_of(self, previous: Tensor | None, estimates: Tensor) -> Tensor:
        overlap = self.window_size - self.hop_size
        if previous is None or not self.reorder_chunks or self.n_src == 1 or overlap == 0:
            return estimates
        return align_sources(estimates, previous[..., self.hop_size :], estimates[..., :overlap])


def align_sources(estimates: Tensor, earlier: Tensor, later: Tensor | None = None) -> Tensor:
    """Order sources so that they correlate best, in sum, with those of an earlier chunk where both overlap.

    Args:
        estimates: What is reordered, ``(batch, source, time)``.
        earlier: The earlier chunk's view of the overlap, ``(batch, source, overlap)``.
        later: The same stretch as ``estimates`` see it; ``estimates`` themselves unless given.

    Returns:
        ``(batch, source, time)``.

    >>> wave = torch.tensor([[[1.0, -1.0, 1.0], [0.0, 1.0, -1.0]]])
    >>> torch.equal(align_sources(wave.flip(1), wave), wave)
    True
    """
    from scipy.optimize import linear_sum_assignment

    later = estimates if later is None else later
    centred = [part.detach() - part.detach().mean(-1, keepdim=True) for part in (earlier, later)]
    similarity = (centred[0] @ centred[1].mT).cpu().numpy()  # (batch, earlier source, later source)
    order = torch.as_tensor([linear_sum_assignment(one, maximize=True)[1].tolist() for one in similarity])
    return estimates.take_along_dim(order.to(estimates.device).unsqueeze(-1), dim=1)
