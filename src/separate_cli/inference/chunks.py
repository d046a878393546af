"""Long streams through a model that sees one chunk at a time.

    blocks (batch, microphone, any time) --> separate(chunk) --> blocks (batch, source, any time), the same time in all

Two ways. A model whose output depends on a known stretch of input (``lookbehind_samples``, ``lookahead_samples``) gets
each chunk with that much context, and the result is the whole file's, whatever the chunk:

    |--- context ---|=== kept ===|- context -|
                    |--- context ---|=== kept ===|- context -|

Any other model gets overlapping chunks of one length; sources are put into the order of the chunk before where both
overlap, and cross-faded there. The last chunk is moved back to end with the file, so that none is short.

Both hold a few chunks in memory and nothing more. A file no longer than a chunk is given to the model as it is.

Checked: tests/inference/test_chunks.py (chunked = whole, identity, swapped sources).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor

from separate_cli.inference.align import order_like
from separate_cli.models.base import Separator

__all__ = ["CHUNK_SECONDS", "OVERLAP", "Separate", "context_chunks", "overlap_chunks", "runner", "separate_stream"]

Separate = Callable[[Tensor], Tensor]
"""``(batch, microphone, time)`` → ``(batch, source, time)``."""

CHUNK_SECONDS = 10.0
"""Long enough for a model to tell speakers apart, short enough to stay in a processor's cache."""

OVERLAP = 0.25
"""Share of a chunk that it has in common with the next, where the context is not finite."""


def runner(model: Separator) -> Separate:
    """``model`` as what runs on a chunk, wherever it lives; each of several output channels counts as an example.

    The result is on the CPU, ``(batch * output channel, source, time)``.
    """
    weight = next(model.parameters(), torch.zeros(()))

    def separate(chunk: Tensor) -> Tensor:
        with torch.inference_mode():
            estimates: Tensor = model.forward_wav(chunk.to(weight.device, weight.dtype))
            if estimates.ndim == 4:  # (batch, source, channel, time)
                estimates = estimates.transpose(1, 2).flatten(0, 1)
            return estimates.to("cpu", torch.float32)

    return separate


def separate_stream(
    model: Separator, blocks: Iterable[Tensor], separate: Separate, *, chunk_seconds: float | None = None
) -> Iterator[Tensor]:
    """Separate a stream in the way that suits ``model``.

    Args:
        model: Tells rate, context and sources; it is run through ``separate``.
        blocks: ``(batch, microphone, time)`` at the model's rate, of any lengths.
        separate: Runs the model on one chunk.
        chunk_seconds: Length of a chunk; ``CHUNK_SECONDS`` unless given.

    Yields:
        ``(batch, source, time)``, as long as the input in all.
    """
    chunk = max(2, round((chunk_seconds or CHUNK_SECONDS) * model.sample_rate))
    behind, ahead = model.lookbehind_samples, model.lookahead_samples
    if behind is not None and ahead is not None:
        hop = model.hop_samples
        return context_chunks(blocks, separate, chunk_samples=chunk, lookbehind=behind, lookahead=ahead, hop=hop)
    alike = model.n_sources > 1 and model.source_names is None
    return overlap_chunks(
        blocks, separate, chunk_samples=chunk, overlap_samples=max(1, round(OVERLAP * chunk)), reorder=alike
    )


def context_chunks(
    blocks: Iterable[Tensor], separate: Separate, *, chunk_samples: int, lookbehind: int, lookahead: int, hop: int = 1
) -> Iterator[Tensor]:
    """Give each chunk the context that its output depends on; the result is exactly that of the whole stream.

    Args:
        blocks: ``(batch, microphone, time)``, of any lengths.
        separate: Runs the model on one chunk.
        chunk_samples: New samples in each chunk; rounded up to the frame grid.
        lookbehind: Samples before an output sample that it depends on.
        lookahead: Samples after it.
        hop: Frame grid: every chunk starts at a multiple of it.

    Yields:
        ``(batch, source, time)``.

    >>> def smooth(x):  # each output is the mean of three inputs
    ...     return torch.nn.functional.avg_pool1d(x, 3, stride=1, padding=1)
    >>> wave = torch.arange(10.0).view(1, 1, -1)
    >>> chunks = context_chunks([wave], smooth, chunk_samples=4, lookbehind=1, lookahead=1)
    >>> torch.equal(torch.cat(list(chunks), -1), smooth(wave))
    True
    """
    chunk, behind = _up(chunk_samples, hop), _up(lookbehind, hop)
    pending: Tensor | None = None
    known = 0  # samples at the start of ``pending`` that are only context
    for block in blocks:
        pending = block if pending is None else torch.cat([pending, block], -1)
        while pending.shape[-1] >= known + chunk + lookahead:
            yield separate(pending[..., : known + chunk + lookahead])[..., known : known + chunk]
            known += chunk
            pending = pending[..., max(0, known - behind) :]
            known = min(known, behind)
    if pending is not None and pending.shape[-1] > known:
        yield separate(pending)[..., known:]


def overlap_chunks(
    blocks: Iterable[Tensor], separate: Separate, *, chunk_samples: int, overlap_samples: int, reorder: bool
) -> Iterator[Tensor]:
    """Cross-fade overlapping chunks, with sources in one order throughout.

    Args:
        blocks: ``(batch, microphone, time)``, of any lengths.
        separate: Runs the model on one chunk.
        chunk_samples: Length of every chunk; a shorter stream is one chunk.
        overlap_samples: What a chunk has in common with the next; less than ``chunk_samples``.
        reorder: Order each chunk's sources like those of the chunk before.

    Yields:
        ``(batch, source, time)``.

    >>> wave = torch.arange(20.0).view(1, 1, -1)
    >>> chunks = overlap_chunks([wave], lambda x: 2 * x, chunk_samples=8, overlap_samples=3, reorder=False)
    >>> torch.allclose(torch.cat(list(chunks), -1), 2 * wave)
    True
    """
    joint = _CrossFade(chunk_samples, overlap_samples, reorder=reorder)
    pending: Tensor | None = None  # starts where the last chunk started
    step = 0  # from there to the start of the next regular chunk
    for block in blocks:
        pending = block if pending is None else torch.cat([pending, block], -1)
        while pending.shape[-1] >= step + chunk_samples:
            pending = pending[..., step:]
            yield joint.add(separate(pending[..., :chunk_samples]), step)
            step = chunk_samples - overlap_samples
    if pending is None:
        return
    if step == 0:
        yield separate(pending)
        return
    left = pending.shape[-1] - chunk_samples
    if left:
        yield joint.add(separate(pending[..., left:]), left)
    yield joint.rest()


class _CrossFade:
    """Sum of faded chunks over the sum of fades, given out as soon as no later chunk can reach it.

    Dividing by the sum makes any overlap exact, also the longer one before the last chunk, and needs no special case
    at the ends, where a single chunk has a fade to itself.
    """

    def __init__(self, chunk_samples: int, overlap_samples: int, *, reorder: bool) -> None:
        ramp = torch.sin((torch.arange(overlap_samples) + 0.5) * (math.pi / 2 / overlap_samples)).square()
        self._fade = torch.ones(chunk_samples)
        self._fade[:overlap_samples] *= ramp
        self._fade[-overlap_samples:] *= ramp.flip(0)
        self._reorder = reorder
        self._sum = self._weight = self._before = torch.empty(0)

    def add(self, estimates: Tensor, step: int) -> Tensor:
        """Take the chunk that starts ``step`` samples after the last one; give what lies before its start."""
        if not self._before.numel():
            self._sum, self._weight, self._before = estimates * self._fade, self._fade, estimates
            return estimates[..., :0]
        shared = estimates.shape[-1] - step
        if self._reorder:
            estimates = order_like(self._before[..., step:], estimates, overlap=shared)
        done = self._sum[..., :step] / self._weight[:step]
        kept, weight = self._sum[..., step:], self._weight[step:]
        faded = estimates * self._fade
        self._sum = torch.cat([kept + faded[..., :shared], faded[..., shared:]], -1)
        self._weight = torch.cat([weight + self._fade[:shared], self._fade[shared:]])
        self._before = estimates
        return done

    def rest(self) -> Tensor:
        """What is left after the last chunk."""
        return self._sum / self._weight


def _up(samples: int, hop: int) -> int:
    return -(-samples // hop) * hop
