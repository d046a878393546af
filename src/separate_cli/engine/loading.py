"""Data loaders that give the same batches whatever the number of workers, and of processes that train together.

training      EpochBatches --Share--> this process's part of each batch
validation    examples --ValidationShare--> this process's examples, in as many batches as every other's
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from separate_cli.data.sampling import Draw, EpochBatches
from separate_cli.engine.ranks import ALONE, Ranks
from separate_cli.pipeline.executors import available_cpus

__all__ = ["Share", "ValidationShare", "make_loader"]

_MOST_WORKERS = 8


class Share(Sampler[list[Draw]]):
    """One process's part of every batch. All parts together are the batch, and no example is in two.

    Args:
        batches: The batches of all processes together.
        ranks: Which process this is.

    Raises:
        ValueError: If the batches cannot be shared evenly.

    >>> batches = EpochBatches(6, 4, seed=0, shuffle=False)
    >>> [[[draw.example for draw in batch] for batch in Share(batches, Ranks(rank, 2))] for rank in (0, 1)]
    [[[0, 2]], [[1, 3]]]
    """

    def __init__(self, batches: EpochBatches, ranks: Ranks) -> None:
        if batches.batch_size % ranks.size:
            raise ValueError(f"Expected a multiple of the number of devices, {ranks.size}, got {batches.batch_size}.")
        self.batches, self.ranks = batches, ranks

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[list[Draw]]:
        for batch in self.batches:
            yield batch[self.ranks.rank :: self.ranks.size]


class ValidationShare(Sampler[list[Draw]]):
    """One process's part of a validation set: every example once, and as many batches for each process.

    Args:
        n_examples: Size of the set.
        batch_size: Examples a batch, of all processes together; a few batches may have one more.
        ranks: Which process this is.

    Raises:
        ValueError: If there are fewer examples than processes.

    >>> [[[draw.example for draw in batch] for batch in ValidationShare(5, 4, Ranks(rank, 2))] for rank in (0, 1)]
    [[[0, 2], [4]], [[1], [3]]]
    """

    def __init__(self, n_examples: int, batch_size: int, ranks: Ranks) -> None:
        if n_examples < ranks.size:
            raise ValueError(f"Expected at least {ranks.size} examples for as many devices, got {n_examples}.")
        per_batch = max(1, batch_size // ranks.size)
        most = -(-n_examples // ranks.size)
        self.n_batches = min(-(-most // per_batch), n_examples // ranks.size)
        self.mine = np.arange(ranks.rank, n_examples, ranks.size)

    def __len__(self) -> int:
        return self.n_batches

    def __iter__(self) -> Iterator[list[Draw]]:
        for batch in np.array_split(self.mine, self.n_batches):
            yield [Draw(0, int(example)) for example in batch]


def make_loader(
    examples: Dataset[Any],
    batches: EpochBatches | Share | ValidationShare,
    *,
    workers: int | None = 0,
    ranks: Ranks = ALONE,
) -> DataLoader[Any]:
    """A loader of ``examples``, in the order of ``batches``.

    Args:
        examples: Indexed by ``data.sampling.Draw``.
        batches: Which examples make up which batch.
        workers: Processes that make examples; 0: the process itself; None: half the CPUs, at most 8.
        ranks: The processes that share the CPUs of this machine.
    """
    if workers is None:
        workers = min(_MOST_WORKERS, available_cpus() // 2 // ranks.local_size)
    return DataLoader(
        examples,
        batch_sampler=batches,
        num_workers=workers,
        persistent_workers=workers > 0,
        pin_memory=torch.cuda.is_available(),
        generator=torch.Generator(),  # else making an iterator would draw from the model's random numbers
        worker_init_fn=_leave_signals_to_the_parent,
    )


def _leave_signals_to_the_parent(worker: int) -> None:
    """Ctrl-C reaches all processes of a terminal, but the parent still needs its batch to end the step."""
    del worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)
