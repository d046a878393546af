"""Sample-rate conversion, for streams and for whole arrays, without delay and with exact lengths.

    (channel, time) at in_rate --push, push, ..., finish--> (channel, time') at out_rate

soxr's filter is linear-phase and its delay is taken out, so sample n of the output is at n / out_rate seconds of the
input. Blocks of any length give the same samples as the whole signal at once.

Checked: tests/audio/test_resample.py (one-shot soxr, round trip, sine phase).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

__all__ = ["Resampler", "resample", "resample_blocks", "resampled_frames"]

Wave = NDArray[np.float32]

_FLUSH_FRAMES = 64
"""Output frames' worth of silence that end the input: the last wanted frame may lie just after its last sample."""


def resampled_frames(frames: int, in_rate: float, out_rate: float) -> int:
    """Length of ``frames`` samples after conversion, rounded up, so that converting back covers every input sample.

    >>> resampled_frames(44100, 44100, 16000), resampled_frames(1, 48000, 16000)
    (16000, 1)
    """
    return -int(-frames * round(out_rate * 1000) // round(in_rate * 1000))


class Resampler:
    """Converts a stream.

    Args:
        in_rate: Sample rate of the input in Hz.
        out_rate: Sample rate of the output in Hz.
        channels: Number of channels.
    """

    def __init__(self, *, in_rate: float, out_rate: float, channels: int) -> None:
        import soxr  # only where rates differ: keeps the start light

        self._in_rate, self._out_rate, self._channels = in_rate, out_rate, channels
        self._stream = soxr.ResampleStream(in_rate, out_rate, channels, dtype="float32")
        self._given = 0

    def push(self, block: Wave) -> Wave:
        """Take ``(channel, time)``; give what is ready, ``(channel, time')``, perhaps nothing."""
        return self._process(block, last=False)

    def finish(self, frames: int) -> Wave:
        """End the input; give the rest, so that the output has ``frames`` frames in all."""
        missing = frames - self._given
        silence = np.zeros(
            (self._channels, int((missing + _FLUSH_FRAMES) * self._in_rate / self._out_rate)), np.float32
        )
        return self._process(silence, last=True)[:, :missing]

    def _process(self, block: Wave, *, last: bool) -> Wave:
        done: Wave = self._stream.resample_chunk(np.ascontiguousarray(block.T), last=last).T
        self._given += done.shape[1]
        return done


def resample(wave: Wave, in_rate: float, out_rate: float) -> Wave:
    """Convert a whole signal, ``(channel, time)`` float32; see ``resampled_frames`` for the length of the result.

    >>> resample(np.ones((1, 8), np.float32), 8000, 16000).shape
    (1, 16)
    """
    if in_rate == out_rate:
        return wave
    stream = Resampler(in_rate=in_rate, out_rate=out_rate, channels=wave.shape[0])
    first = stream.push(wave)
    rest = stream.finish(resampled_frames(wave.shape[1], in_rate, out_rate))
    return np.concatenate([first, rest], axis=1)


def resample_blocks(
    blocks: Iterable[Wave], *, in_rate: float, out_rate: float, channels: int, frames: int
) -> Iterator[Wave]:
    """Convert a stream of ``(channel, time)`` blocks to one of ``frames`` frames in all."""
    if in_rate == out_rate:
        yield from blocks
        return
    stream = Resampler(in_rate=in_rate, out_rate=out_rate, channels=channels)
    for block in blocks:
        yield stream.push(block)
    yield stream.finish(frames)
