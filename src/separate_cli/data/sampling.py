"""Which examples make up which batch, as a pure function of (seed, epoch, batch number).

    EpochBatches --> [Draw(epoch, example), ...] --> Examples --> example, drawn by example_rng(seed, epoch, example)

Nothing is remembered between examples: any number of workers gives the same batches, and a run that is killed in the
middle of an epoch goes on with the very next batch.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from torch import Tensor
from torch.utils.data import Dataset, Sampler

__all__ = ["Draw", "EpochBatches", "Examples", "example_rng"]


class Draw(NamedTuple):
    """Which example of which epoch."""

    epoch: int
    example: int


def example_rng(seed: int, *place: int) -> np.random.Generator:
    """The generator of one example.

    >>> example_rng(1, 0, 5).random() == example_rng(1, 0, 5).random() != example_rng(1, 0, 6).random()
    True
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=place))


class Examples(Dataset[tuple[Tensor, Tensor]], ABC):
    """A data set whose examples are pure functions of (seed, epoch, example).

    Args:
        n_examples: Size of an epoch.
        seed: Decides everything that is drawn.
    """

    def __init__(self, n_examples: int, *, seed: int) -> None:
        self.seed = seed
        self._length = n_examples

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, draw: Draw | int) -> tuple[Tensor, Tensor]:
        """Mixture ``(time)`` or ``(channel, time)``, references ``(source, time)`` or ``(source, channel, time)``.

        A plain number is an example of epoch 0.
        """
        epoch, example = draw if isinstance(draw, Draw) else Draw(0, draw)
        if not 0 <= example < self._length:
            raise IndexError(example)
        return self.make(Draw(epoch, example), example_rng(self.seed, epoch, example))

    @abstractmethod
    def make(self, draw: Draw, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Mixture and references of one example; ``rng`` is its own."""


class EpochBatches(Sampler[list[Draw]]):
    """Batches of an epoch from ``start`` on, in an order that changes with the epoch.

    Args:
        n_examples: Size of the data set.
        batch_size: Examples a batch.
        seed: Decides the order.
        shuffle: False keeps the order of the data set.
        drop_last: Whether an incomplete last batch is left out.

    Attributes:
        epoch: Which epoch comes next.
        start: With which batch of it to begin.

    Raises:
        ValueError: If not even one batch can be made.

    >>> batches = EpochBatches(5, 2, seed=0, shuffle=False)
    >>> [[draw.example for draw in batch] for batch in batches]
    [[0, 1], [2, 3]]
    """

    def __init__(
        self, n_examples: int, batch_size: int, *, seed: int, shuffle: bool = True, drop_last: bool = True
    ) -> None:
        whole, rest = divmod(n_examples, batch_size)
        self.per_epoch = whole + (rest > 0 and not drop_last)
        if self.per_epoch == 0:
            raise ValueError(f"Expected at least {batch_size} examples for a batch of {batch_size}, got {n_examples}.")
        self.n_examples, self.batch_size, self.seed, self.shuffle = n_examples, batch_size, seed, shuffle
        self.epoch = self.start = 0

    def __len__(self) -> int:
        return self.per_epoch - self.start

    def __iter__(self) -> Iterator[list[Draw]]:
        epoch, start = self.epoch, self.start
        order = np.arange(self.n_examples)
        if self.shuffle:
            example_rng(self.seed, epoch).shuffle(order)
        for batch in range(start, self.per_epoch):
            chosen = order[batch * self.batch_size : (batch + 1) * self.batch_size]
            yield [Draw(epoch, int(example)) for example in chosen]
