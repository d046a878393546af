"""Pieces of files as signals of a mixture: any excerpt has the very samples that it has in the whole.

    file --speed--> --start, frames, crossfade--> --gain--> --other rate--> --offset--> (channel, time) of the mixture

The order is that of LibriMix: gain before the change of rate, a polyphase filter over the whole piece.

Checked: tests/data/test_pieces.py (against NumPy and SciPy, excerpts against the whole, rounding against libsndfile).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from separate_cli.audio.reader import Choose
from separate_cli.data.looping import looped
from separate_cli.data.mixtures import Piece
from separate_cli.data.polyphase import change_rate, changed_length, support
from separate_cli.errors import InputError

__all__ = ["ReadFile", "add_up", "place", "round_as_file", "total_of"]

Wave = NDArray[np.float32]
ReadFile = Callable[[Piece, Choose], tuple[Wave, int]]
"""Reads the chosen stretch of a piece's file: ``(channel, time)`` and the sample rate in Hz."""

_SPEED_STEPS = 1000


def add_up(read: ReadFile, pieces: Iterable[Piece], *, sample_rate: int, start: int, frames: int) -> Wave:
    """The sum of ``pieces`` from sample ``start`` of their mixture on, ``(channel, frames)``; silence where none is.

    Args:
        read: Reads their files.
        pieces: What is added; mono pieces go to all channels.
        sample_rate: Of the mixture, in Hz.
        start: First wanted sample.
        frames: How many.

    Raises:
        InputError: If a file cannot be read, is shorter than its piece, or has another number of channels.
    """
    placed = [(piece, place(read, piece, sample_rate=sample_rate, start=start, frames=frames)) for piece in pieces]
    return total_of(placed) if placed else np.zeros((1, frames), np.float32)


def total_of(placed: Iterable[tuple[Piece, Wave]]) -> Wave:
    """The sum of what pieces contribute; mono goes to all channels.

    Raises:
        InputError: If their numbers of channels differ otherwise.
    """
    total: Wave | None = None
    for piece, wave in placed:
        if total is None:
            total = wave
        elif 1 in {len(wave), len(total)} or len(wave) == len(total):
            total = total + wave
        else:
            raise InputError(
                f"{piece.path} has {len(wave)} channels, what it is added to has {len(total)}.",
                hint="Prepare the corpus again.",
            )
    if total is None:
        raise ValueError("Expected at least one piece.")
    return total


def place(read: ReadFile, piece: Piece, *, sample_rate: int, start: int, frames: int) -> Wave:
    """What ``piece`` contributes to ``frames`` samples of its mixture from ``start`` on, with the silence around it."""
    lead = max(0, piece.offset - start)
    excerpt = _Excerpt(piece, max(0, start - piece.offset), max(0, frames - lead), sample_rate)
    wave = excerpt.finish(*read(piece, excerpt.choose))
    if wave.shape[1] == frames:
        return wave
    placed = np.zeros((len(wave), frames), np.float32)
    placed[:, lead : lead + wave.shape[1]] = wave
    return placed


class _Excerpt:
    """Samples ``first`` to ``first + wanted`` of a piece, at the mixture's rate.

    Only what these samples depend on is read: the stretch itself where the rates agree; a little more on both sides
    where a filter changes the rate or the speed; the whole file where it starts over.
    """

    def __init__(self, piece: Piece, first: int, wanted: int, sample_rate: int) -> None:
        self.piece, self.first, self.wanted, self.sample_rate = piece, first, wanted, sample_rate
        self._played = 1 / Fraction(round(piece.speed * _SPEED_STEPS), _SPEED_STEPS)
        self._skipped = self._played_skipped = 0  # samples before the wanted ones, after each change of the rate
        self._stretch = (0, 0)  # what is needed of the file as it is played
        self._starts_over, self._end = False, 0

    def choose(self, rate: int, total: int) -> tuple[int, int]:
        """Which frames of the file are needed."""
        piece, length = self.piece, changed_length(total, self._played)
        end = length if piece.frames is None else piece.start + piece.frames
        self._starts_over, self._end = piece.crossfade > 0 and end > length, end
        if (end > length and not self._starts_over) or piece.start >= end:
            raise InputError(
                f"{piece.path} has {length} frames; frames {piece.start} to {end} are wanted.",
                hint="Copy the file again, or prepare the corpus again.",
            )
        begin, stop = self.first, self.first + self.wanted
        if rate != self.sample_rate:
            begin, stop, self._skipped = support(self.first, self.wanted, Fraction(self.sample_rate, rate))
        begin, stop = piece.start + begin, min(piece.start + stop, end)
        if begin >= stop or self.wanted == 0:
            return 0, 0
        self._stretch = begin, stop
        if self._starts_over:
            return 0, total
        if piece.speed != 1:
            begin, stop, self._played_skipped = support(begin, stop - begin, self._played)
        return begin, min(stop, total) - begin

    def finish(self, wave: Wave, rate: int) -> Wave:
        """Turn what was read into the wanted samples, as far as the piece goes."""
        wave, piece = self._channel(wave), self.piece
        if wave.shape[1] == 0:
            return wave
        begin, stop = self._stretch
        if piece.speed != 1:
            wave = change_rate(wave, self._played)
        if self._starts_over:
            wave = looped(wave, begin, stop, frames=self._end, crossfade=piece.crossfade)
        elif piece.speed != 1:
            wave = wave[:, self._played_skipped : self._played_skipped + stop - begin]
        if piece.gain != 1:
            wave = wave * np.float32(piece.gain)
        if rate != self.sample_rate:
            wave = change_rate(wave, Fraction(self.sample_rate, rate))
        return wave[:, self._skipped : self._skipped + self.wanted]

    def _channel(self, wave: Wave) -> Wave:
        channel = self.piece.channel
        if channel is None:
            return wave
        if channel >= len(wave):
            raise InputError(
                f"{self.piece.path} has {len(wave)} channel(s); channel {channel + 1} is wanted.",
                hint="Prepare the corpus again.",
            )
        return wave[channel : channel + 1]


def round_as_file(wave: Wave, bits: int) -> Wave:
    """What a WAV file of integers of ``bits`` bits holds of ``wave``: clipped, and rounded down as libsndfile does it.

    >>> round_as_file(np.array([0.5, 0.99999, -2.0], np.float32), 16) * 32768
    array([ 16384.,  32767., -32768.], dtype=float32)
    """
    integers = np.rint(np.clip(wave.astype(np.float64) * 2.0**31, -(2.0**31), 2.0**31 - 1))
    rounded: Wave = (np.floor(integers / 2.0 ** (32 - bits)) / 2.0 ** (bits - 1)).astype(np.float32)
    return rounded
