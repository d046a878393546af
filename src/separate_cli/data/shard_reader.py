"""Examples out of shards, read from front to back: from a disk, a web server, or an object store.

    train.json --shuffled--> shards --split by mixtures among ranks and workers--> members --excerpts--> examples

All readers together see each mixture once an epoch, and each sees the same number, so that no rank waits for another:
what does not divide evenly is left out, others in each epoch. Which these are is a pure function of (seed, epoch).

Checked: tests/data/test_shards.py (no duplicates for any number of ranks and workers, order by seed and epoch).
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import torch.distributed
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from separate_cli.data.excerpts import names_of, place_of, to_example
from separate_cli.data.mixtures import Mixture, mixture_of_row
from separate_cli.data.sampling import example_rng
from separate_cli.errors import InputError
from separate_cli.specs.examples import MixtureExamples

__all__ = ["ShardDataset"]

Wave = NDArray[np.float32]


class _Stretch(NamedTuple):
    """Mixtures ``first`` to ``last`` of a shard, without the last."""

    name: str
    first: int
    last: int


class _Sample(NamedTuple):
    """A mixture, its number, and the encoded files of its signals."""

    number: int
    mixture: Mixture
    members: dict[str, bytes]


class ShardDataset(IterableDataset[tuple[Tensor, Tensor]]):
    """Excerpts of the mixtures in shards; those shorter than an excerpt end in silence.

    Args:
        index: The list that ``write_shards`` wrote: a path, or an address that fsspec opens (``s3://…``, ``https://…``);
            the shards are beside it.
        examples: Which signals, how long.
        seed: Decides order and excerpts.
        shuffle: Whether the order changes with the epoch.
        buffer: Mixtures among which the next one is drawn; more of them shuffle better and take more memory.
        rank: Number of this process in a training over several; None: asks torch.distributed.
        world_size: How many processes there are; None: asks torch.distributed.

    Attributes:
        epoch: Which epoch comes next; see ``set_epoch``.

    Raises:
        InputError: If the list cannot be read.
    """

    def __init__(
        self,
        index: Path | str,
        examples: MixtureExamples,
        *,
        seed: int = 0,
        shuffle: bool = True,
        buffer: int = 64,
        rank: int | None = None,
        world_size: int | None = None,
    ) -> None:
        self.index, self.examples, self.seed, self.shuffle, self.buffer = str(index), examples, seed, shuffle, buffer
        is_spread = torch.distributed.is_available() and torch.distributed.is_initialized()
        self.rank = rank if rank is not None else torch.distributed.get_rank() if is_spread else 0
        self.world_size = world_size or (torch.distributed.get_world_size() if is_spread else 1)
        self.epoch = 0
        try:
            with _open(self.index) as stream:
                document = json.load(stream)
            self.shards = [(str(row["name"]), int(row["mixtures"])) for row in document["shards"]]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"Cannot read the list of shards {self.index}: {error}.", hint="Give the file that lists the shards."
            ) from error

    def set_epoch(self, epoch: int) -> None:
        """Choose the order and the excerpts that come next."""
        self.epoch = epoch

    def __len__(self) -> int:
        """Examples of this rank in an epoch, without workers; each worker may have to leave out some of them."""
        return sum(count for _, count in self.shards) // self.world_size

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        worker = get_worker_info()
        workers, number = (1, 0) if worker is None else (worker.num_workers, worker.id)
        rng = example_rng(self.seed, self.epoch)
        order = rng.permutation(len(self.shards)) if self.shuffle else np.arange(len(self.shards))
        reader, readers = self.rank * workers + number, self.world_size * workers
        own_rng = example_rng(self.seed, self.epoch, reader)
        waiting: list[_Sample] = []
        for stretch in _share([self.shards[i] for i in order], reader, of=readers):
            for sample in self._samples(stretch):
                waiting.append(sample)
                if len(waiting) >= (self.buffer if self.shuffle else 1):
                    yield self._example(waiting.pop(int(own_rng.integers(len(waiting)))))
        while waiting:
            yield self._example(waiting.pop(int(own_rng.integers(len(waiting)))))

    def _samples(self, stretch: _Stretch) -> Iterator[_Sample]:
        """The mixtures of a stretch; of those before it, only names are read where the store can skip."""
        place, slash, _ = self.index.rpartition("/")
        address = f"{place}{slash}{stretch.name}"
        try:
            with _open(address) as stream, tarfile.open(fileobj=stream, mode=_mode(address)) as tar:
                yield from _members(tar, stretch, self.examples)
        except (OSError, tarfile.TarError, ValueError) as error:
            raise InputError(f"Cannot read the shard {address}: {error}.", hint="Write or copy it again.") from error

    def _example(self, sample: _Sample) -> tuple[Tensor, Tensor]:
        heard, wanted = names_of(sample.mixture, self.examples)
        start, frames = place_of(sample.mixture, self.examples, example_rng(self.seed, self.epoch, sample.number))
        waves = {name: _decode(sample.members[name], start, frames) for name in (heard, *wanted)}
        return to_example(waves, heard, wanted, self.examples)


def _members(tar: tarfile.TarFile, stretch: _Stretch, wish: MixtureExamples) -> Iterator[_Sample]:
    """Mixtures of a shard, with the files that are needed of each; its row comes first."""
    seen = -1
    sample: _Sample | None = None
    for member in tar:
        number, _, name = member.name.partition(".")
        content = tar.extractfile(member)
        if content is None:
            continue
        if name == "json":
            if sample is not None:
                yield sample
            seen, sample = seen + 1, None
            if seen == stretch.last:
                return
            if seen >= stretch.first:
                sample = _Sample(int(number), mixture_of_row(json.load(content)), {})
        elif sample is not None:
            signal = name.rpartition(".")[0]
            heard, wanted = names_of(sample.mixture, wish)
            if signal in {heard, *wanted}:
                sample.members[signal] = content.read()
    if sample is not None:
        yield sample


def _share(shards: list[tuple[str, int]], number: int, *, of: int) -> list[_Stretch]:
    """The stretches that reader ``number`` of several reads; all get the same number of mixtures."""
    each = sum(count for _, count in shards) // of
    first, last = number * each, (number + 1) * each
    found, before = [], 0
    for name, count in shards:
        begin, end = max(first, before), min(last, before + count)
        if begin < end:
            found.append(_Stretch(name, begin - before, end - before))
        before += count
    return found


def _decode(content: bytes, start: int, frames: int) -> Wave:
    import soundfile

    with soundfile.SoundFile(io.BytesIO(content)) as sound:
        sound.seek(start)
        return np.ascontiguousarray(sound.read(frames, dtype="float32", always_2d=True).T)  # (channel, time)


def _mode(address: str) -> Literal["r:", "r|"]:
    """Local files are read with jumps, others from front to back."""
    return "r|" if "://" in address else "r:"


def _open(address: str) -> Any:
    """A binary stream of a file, wherever it is."""
    if "://" not in address:
        return Path(address).open("rb")
    import fsspec  # comes with torch

    return fsspec.open(address, "rb").open()
