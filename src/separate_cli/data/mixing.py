"""Mixtures that are made from other corpora: as files, or as a list of pieces that are added up when they are read.

    item --plan--> Order(mixture of pieces, place) --on_the_fly--> the mixture itself
                                                   --on_disk--> PLACE/SIGNAL/ID.wav, and a mixture of these files

Both have the same samples: files hold what ``Corpus.signal`` gives. Each piece is read and converted once, however many
sums it is part of.

Checked: tests/data/test_mixing.py.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import reduce
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from separate_cli.audio.encode import encode_audio
from separate_cli.audio.formats import AudioFormat
from separate_cli.data.corpus import Corpus
from separate_cli.data.making import Made, make_all
from separate_cli.data.mixtures import Mixture, Piece, Signal, mixture_of_row, row_of_mixture
from separate_cli.data.pieces import add_up, round_as_file
from separate_cli.errors import InputError
from separate_cli.files import write_bytes
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.prepare import MixtureCorpus

__all__ = ["Mixed", "Order", "Waves", "check_files", "make_mixtures", "render", "roots_of", "write_order"]

T = TypeVar("T")
Wave = NDArray[np.float32]
Waves = Mapping[str, Wave]

_NAMED = 3
_SAMPLED = 16
_SUBTYPES = {16: "PCM_16", 24: "PCM_24", None: "FLOAT"}


@dataclass(frozen=True)
class Order:
    """A mixture to be made.

    Args:
        mixture: Of pieces of other corpora.
        place: Folder of its files, relative to the prepared folder: ``Libri2Mix/wav8k/min/dev``.
        signals: Which signals become files; empty: all that it has.
        folders: What the folder of a signal is called, where not as the signal.
        aliases: Further names of signals, or sums of them.
        notes: Whatever the maker wants back with the row; plain JSON.
        waves: The signals, not rounded, where planning has them already, or makes them of more than pieces.
    """

    mixture: Mixture
    place: str
    signals: tuple[str, ...] = ()
    folders: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: Any = None
    waves: Waves | None = None


@dataclass(frozen=True)
class _Maker:
    """What a worker has to know to make mixtures; is pickled."""

    plan: Callable[[Any], Order]
    roots: Mapping[str, Path]
    suffix: str
    on_disk: bool
    measure: Callable[[Waves], Any] | None = None

    def __call__(self, item: Any, folder: Path) -> Made:
        order = self.plan(item)
        if not self.on_disk:
            return Made([row_of_mixture(order.mixture), order.notes])
        waves = order.waves
        if waves is None:
            waves = render(order.mixture, Corpus(folder, self.roots), order.signals or order.mixture.signals)
        written = write_order(order, waves, folder, suffix=self.suffix)
        notes = order.notes if self.measure is None else self.measure(waves)
        paths = tuple(signal.path for signal in written.signals.values() if isinstance(signal, Piece))
        return Made([row_of_mixture(written), notes], paths)


@dataclass(frozen=True)
class Mixed:
    """All mixtures that were made, and by their names what was noted of each."""

    mixtures: list[Mixture]
    notes: dict[str, Any] = field(default_factory=dict)


def make_mixtures(
    items: Mapping[str, T],
    plan: Callable[[T], Order],
    spec: MixtureCorpus,
    context: StageContext,
    *,
    measure: Callable[[Waves], Any] | None = None,
) -> Mixed | None:
    """Make one mixture an item, by many workers; see ``making.make_all``.

    Args:
        items: Key → description of a mixture.
        plan: Says of what pieces it is made; runs in a worker, so it may look at files. Can be pickled.
        spec: Whether mixtures become files, and of what kind.
        context: Of the stage; its inputs are the folders of the corpora.
        measure: What to note of the signals of a mixture on disk, in place of ``Order.notes``.

    Returns:
        The mixtures in the order of ``items``; None for a member of a job array.

    Raises:
        InputError: If a source cannot be read, or is not what the list of mixtures says.
        OutputError: If the disk is full, or will be.
    """
    on_disk = spec.mixtures == "on_disk"
    maker = _Maker(plan, roots_of(context.inputs), f".{spec.audio}", on_disk, measure)
    size = _typical_bytes(list(items.values()), plan) if on_disk else 0.0
    rows = make_all(items, maker, context, executor=spec.executor, bytes_each=size)
    if rows is None:
        return None
    mixtures = [mixture_of_row(row) for row, _ in rows.values()]
    return Mixed(mixtures, {key: notes for key, (_, notes) in rows.items()})


def roots_of(inputs: Mapping[str, Path]) -> dict[str, Path]:
    """Corpus name → folder, of the inputs of a stage ``prepare``.

    >>> list(roots_of({"speech.vctk-0.92.path": Path("a"), "lists": Path("b")}))
    ['vctk-0.92']
    """
    return {key.removesuffix(".path").partition(".")[2]: path for key, path in inputs.items() if key.endswith(".path")}


def render(mixture: Mixture, corpus: Corpus, names: Iterable[str]) -> dict[str, Wave]:
    """Signals of a mixture, not rounded, ``(channel, time)`` each; what several share is read and converted once."""
    pieces = {name: mixture.pieces(name) for name in names}
    placed = {
        name: add_up(corpus.read_piece, [piece], sample_rate=mixture.sample_rate, start=0, frames=mixture.frames)
        for name, piece in {name: piece for found in pieces.values() for name, piece in found.items()}.items()
    }
    return {name: reduce(np.add, [placed[member] for member in found]) for name, found in pieces.items()}


def write_order(order: Order, waves: Waves, folder: Path, *, suffix: str = ".wav") -> Mixture:
    """Write the signals of a mixture; the mixture of these files.

    Raises:
        OutputError: If they cannot be written.
    """
    mixture = order.mixture
    form = AudioFormat(suffix[1:].upper(), _SUBTYPES[mixture.bits])
    paths = {name: f"{order.place}/{order.folders.get(name, name)}/{mixture.id}{suffix}" for name in waves}
    for name, wave in waves.items():
        rounded = wave if mixture.bits is None else round_as_file(wave, mixture.bits)
        content = encode_audio(rounded, mixture.sample_rate, form)
        write_bytes(folder / paths[name], content, durable=False)  # the journal notes the length
    signals: dict[str, Signal] = {name: Piece(path) for name, path in paths.items()}
    return replace(mixture, signals={**signals, **order.aliases}, bits=None)


def check_files(files: Mapping[str, Collection[str]], roots: Mapping[str, Path], *, hints: Mapping[str, str]) -> None:
    """Make sure that all source files are there, before anything is made.

    Args:
        files: Corpus name → paths in it.
        roots: Corpus name → folder.
        hints: Corpus name → where to get it.

    Raises:
        InputError: If some are missing; says how many, and which ones come first.
    """
    for corpus, paths in files.items():
        missing = sorted(path for path in paths if not (roots[corpus] / path).is_file())
        if missing:
            first = ", ".join(missing[:_NAMED]) + (", ..." if len(missing) > _NAMED else "")
            raise InputError(
                f"{len(missing)} of {len(paths)} files are missing in {roots[corpus]}: {first}", hint=hints[corpus]
            )


def _typical_bytes(items: Sequence[T], plan: Callable[[T], Order]) -> float:
    """About how many bytes a mixture takes, from a few of them."""
    sizes = []
    for item in items[:: max(1, len(items) // _SAMPLED)]:
        with suppress(InputError):  # is reported where the mixture is made
            order = plan(item)
            mixture = order.mixture
            sizes.append(mixture.frames * (mixture.bits or 32) / 8 * len(order.signals or mixture.signals))
    return sum(sizes) / len(sizes) if sizes else 0.0
