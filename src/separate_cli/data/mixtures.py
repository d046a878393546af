"""Lists of mixtures as JSON Lines: which signals each has, and of which pieces of which files they are made.

    mixtures --write_mixtures--> mixtures.jsonl --read_mixtures--> mixtures

    {"id": "a_b", "part": "train", "sample_rate": 8000, "frames": 24000, "signals": {
        "s1": {"path": "84/121/84-121-0001.flac", "corpus": "LibriSpeech", "gain": 0.8},
        "s2": {"path": "...", ...}, "mix_clean": ["s1", "s2"]}}

A mixture that is a file and one that is added up when it is read look the same to its reader: ``Corpus.signal``.
Names of signals: ``s1 s2 ...`` (targets), ``noise``, ``mix_clean`` (sources only), ``mix_both`` (sources and noise),
``mix_single`` (s1 and noise), variants of these with ``_reverb`` and ``_anechoic``; stems of music by name.

Checked: tests/data/test_mixtures.py (round trip, same bytes whatever the order).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeAlias

from separate_cli.data.manifest import read_manifest, write_manifest
from separate_cli.errors import InputError

__all__ = ["Mixture", "Piece", "Signal", "mixture_of_row", "read_mixtures", "row_of_mixture", "write_mixtures"]


@dataclass(frozen=True)
class Piece:
    """A stretch of one audio file, at its place in a mixture.

    Args:
        path: With ``/`` between parts, relative to the folder of its corpus.
        corpus: Name of that folder (``Corpus.roots``); empty for the prepared folder itself.
        start: First sample, at the file's own rate.
        frames: How many, at the file's own rate; None: to its end.
        offset: Silence before it, in samples of the mixture's rate.
        gain: Factor.
        channel: Which channel of the file; None: all.
        speed: The file is first played so much faster, as a whole; ``start`` and ``frames`` count samples of that.
        crossfade: Where the file ends before ``frames``, it starts over, faded over so many samples. 0: an error.
    """

    path: str
    corpus: str = ""
    start: int = 0
    frames: int | None = None
    offset: int = 0
    gain: float = 1.0
    channel: int | None = None
    speed: float = 1.0
    crossfade: int = 0


Signal: TypeAlias = Piece | tuple[str, ...]
"""A piece of a file, or the names of signals that are added up."""


@dataclass(frozen=True)
class Mixture:
    """One line of ``mixtures.jsonl``.

    Args:
        id: Unique in its part.
        part: ``"train"``, ``"valid"`` or ``"test"``.
        sample_rate: In Hz.
        frames: Samples of each signal.
        signals: What there is of it, by name.
        bits: Round each signal that is read as a WAV file of that width would hold it; sums add what is not rounded.
        speakers: Who is s1, s2, and so on.
        facts: Anything further: labels, ratios in dB, text.
    """

    id: str
    part: str
    sample_rate: int
    frames: int
    signals: Mapping[str, Signal]
    bits: int | None = None
    speakers: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.frames / self.sample_rate

    def pieces(self, name: str) -> dict[str, Piece]:
        """The pieces whose sum is the signal ``name``, each by the name of its own signal.

        Raises:
            InputError: If there is no such signal, or one that is made of itself.

        >>> mixture = Mixture("a", "test", 8000, 4, {"s1": Piece("x.wav"), "s2": Piece("y.wav"), "mix": ("s1", "s2")})
        >>> list(mixture.pieces("mix"))
        ['s1', 's2']
        """
        found: dict[str, Piece] = {}
        self._collect(name, found, ())
        return found

    def _collect(self, name: str, found: dict[str, Piece], above: tuple[str, ...]) -> None:
        signal = self.signals.get(name)
        if signal is None or name in above or name in found:
            why = "it is made of itself" if name in above else "it is there twice"
            why = f"there are {', '.join(sorted(self.signals))}" if signal is None else why
            raise InputError(
                f"Mixture {self.id} has no usable signal {name}: {why}.", hint="Choose another task, or other signals."
            )
        if isinstance(signal, Piece):
            found[name] = signal
            return
        for member in signal:
            self._collect(member, found, (*above, name))


_PIECE = {item.name: item.default for item in fields(Piece)}
_NAMES = {item.name for item in fields(Mixture)}
_NEEDED = {"id", "part", "sample_rate", "frames", "signals"}


def write_mixtures(path: Path, mixtures: Iterable[Mixture]) -> None:
    """Write mixtures, sorted by part and name; what has its default is left out."""
    write_manifest(path, map(row_of_mixture, sorted(mixtures, key=lambda mixture: (mixture.part, mixture.id))))


def read_mixtures(path: Path) -> list[Mixture]:
    """Read mixtures.

    Raises:
        InputError: If the list is missing, damaged, or not one of mixtures.
    """
    mixtures = []
    for number, row in enumerate(read_manifest(path), start=1):
        try:
            mixtures.append(mixture_of_row(row))
        except (ValueError, TypeError, AttributeError) as error:
            raise InputError(f"{path}:{number}: {error}.", hint="Prepare the corpus again.") from error
    return mixtures


def mixture_of_row(row: Mapping[str, Any]) -> Mixture:
    """The mixture that a line of the list describes.

    Raises:
        ValueError: If fields are missing or unknown, or a signal is none.
    """
    if wrong := (_NEEDED - row.keys()) | (row.keys() - _NAMES):
        raise ValueError(f"missing or unknown: {', '.join(sorted(wrong))}")
    signals = {name: _signal(name, value) for name, value in row["signals"].items()}
    return Mixture(**{**row, "signals": signals, "speakers": tuple(row.get("speakers", ()))})


def row_of_mixture(mixture: Mixture) -> dict[str, Any]:
    """A mixture as a line of the list, in plain JSON; what has its default is left out.

    >>> row = row_of_mixture(Mixture("a", "test", 8000, 4, {"s1": Piece("x.wav", gain=0.5)}))
    >>> row["signals"], mixture_of_row(row).signals["s1"].gain
    ({'s1': {'path': 'x.wav', 'gain': 0.5}}, 0.5)
    """
    row: dict[str, Any] = {name: getattr(mixture, name) for name in _NEEDED - {"signals"}}
    row["signals"] = {
        name: list(signal) if isinstance(signal, tuple) else _changed(signal)
        for name, signal in mixture.signals.items()
    }
    row.update({name: value for name in _NAMES - _NEEDED if (value := getattr(mixture, name)) not in (None, (), {})})
    return row


def _changed(piece: Piece) -> dict[str, Any]:
    return {name: value for name, default in _PIECE.items() if (value := getattr(piece, name)) != default}


def _signal(name: str, value: Any) -> Signal:
    if isinstance(value, list) and all(isinstance(member, str) for member in value):
        return tuple(value)
    if isinstance(value, dict) and "path" in value and not value.keys() - _PIECE.keys():
        return Piece(**value)
    raise ValueError(f"{name} is neither a piece of a file nor a list of signals")
