"""What the data sets of published corpora share: mixtures by number, whole or cut at random, and facts for publishing.

    list of the corpus --subclass--> Mixture(files as pieces) --MixtureSet[i]--> the same segment of each signal

A number draws where the segment begins from torch's random numbers, as data loaders seed them; a ``data.sampling.Draw``
makes it a pure function of seed, epoch and example.

Checked: tests/data/datasets/.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from separate_cli.audio.probe import probe
from separate_cli.data.corpus import Corpus
from separate_cli.data.datasets.notices import notices
from separate_cli.data.mixtures import Mixture
from separate_cli.data.sampling import Draw, example_rng
from separate_cli.errors import InputError

__all__ = ["MixtureSet", "random_below", "standardize"]

Wave = NDArray[np.float32]


class MixtureSet(Dataset[Any]):
    """Mixtures of files, by number.

    Args:
        mixtures: All of the list; paths of their pieces are absolute, or relative to the current folder.
        sample_rate: Of their files, in Hz.
        segment: Seconds that an item lasts, cut at random, shorter mixtures being left out; None: whole mixtures.
        seed: For items that are indexed by a ``Draw``.

    Attributes:
        mixtures: Those that are long enough.
        n_dropped: How many are not.
        seg_len: Samples of a segment, or None.

    Raises:
        InputError: If none is left, or the first one's files are missing or of another sample rate.
    """

    dataset_name: ClassVar[str] = ""

    def __init__(self, mixtures: Sequence[Mixture], *, sample_rate: int, segment: float | None, seed: int = 0) -> None:
        self.sample_rate, self.segment, self.seed = sample_rate, segment, seed
        self.seg_len = None if segment is None else int(segment * sample_rate)
        self.mixtures = [item for item in mixtures if self.seg_len is None or item.frames >= self.seg_len]
        self.n_dropped = len(mixtures) - len(self.mixtures)
        if not self.mixtures:
            raise InputError(
                f"None of the {len(mixtures)} mixtures of {self.dataset_name} lasts {segment or 0:g} s.",
                hint="Check the list, or ask for shorter segments.",
            )
        self._corpus = Corpus(Path(), {})
        _check_rate(self.mixtures[0], sample_rate)

    def __len__(self) -> int:
        return len(self.mixtures)

    def draw(self, index: Draw | int) -> tuple[Mixture, int, int]:
        """The mixture of an index, and first sample and length of what is to be read of it."""
        mixture = self.mixtures[index.example if isinstance(index, Draw) else index]
        if self.seg_len is None:
            return mixture, 0, mixture.frames
        return mixture, self.below(index, mixture.frames - self.seg_len + 1), self.seg_len

    def below(self, index: Draw | int, limit: int, *, wish: int = 0) -> int:
        """A whole number from 0 to ``limit - 1``, drawn for an item; ``wish`` counts what is drawn for it."""
        if isinstance(index, Draw):
            return int(example_rng(self.seed, *index, wish).integers(limit))
        return random_below(limit)

    def read(self, mixture: Mixture, name: str, start: int, frames: int) -> Wave:
        """A stretch of a signal, ``(channel, time)``."""
        return self._corpus.signal(mixture, name, start=start, frames=frames)

    def read_pair(self, mixture: Mixture, wanted: Sequence[str], start: int, frames: int) -> tuple[Tensor, Tensor]:
        """A stretch of the first channel: ``mixture`` ``(time)`` and what is wanted ``(source, time)``.

        Wanted signals that a mixture lacks are silent.
        """
        there = ["mixture", *(name for name in wanted if name in mixture.signals)]
        found = self._corpus.signals(mixture, there, start=start, frames=frames)
        heard = found["mixture"][0]
        sources = [found[name][0] if name in found else np.zeros_like(heard) for name in wanted]
        return torch.from_numpy(heard), torch.from_numpy(np.stack(sources))

    def infos(self, *corpora: str, **facts: Any) -> dict[str, Any]:
        """What a checkpoint says of what it was trained on: ``dataset``, ``task``, ``licenses``."""
        return {"dataset": self.dataset_name, **facts, "licenses": notices(*corpora)}


def random_below(limit: int) -> int:
    """A whole number from 0 to ``limit - 1``, from torch's random numbers."""
    return int(torch.randint(limit, ()))


def standardize(wave: Tensor, std: Tensor) -> Tensor:
    """``wave`` without its mean, divided by ``std``, along the last axis."""
    return (wave - wave.mean(-1, keepdim=True)) / (std + 1e-8)


def _check_rate(mixture: Mixture, sample_rate: int) -> None:
    """Read the header of one file: a list of 16 kHz files that is read as 8 kHz would train on nonsense."""
    for name in mixture.signals:
        for piece in mixture.pieces(name).values():
            found = probe(Path(piece.path)).sample_rate
            if found != sample_rate:
                raise InputError(
                    f"{piece.path} is at {found} Hz, sample_rate is {sample_rate}.",
                    hint="Give the sample rate of the files.",
                )
            return
