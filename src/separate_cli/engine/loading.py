"""Data loaders that give the same batches whatever the number of workers."""

from __future__ import annotations

import signal
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset

from separate_cli.data.sampling import EpochBatches
from separate_cli.errors import SepError
from separate_cli.metrics.batch import available_cpus

__all__ = ["make_loader", "without_workers_trace"]


def make_loader(examples: Dataset[Any], batches: EpochBatches, *, workers: int | None = 0) -> DataLoader[Any]:
    """A loader of ``examples``, in the order of ``batches``.

    Args:
        examples: Indexed by ``data.sampling.Draw``.
        batches: Which examples make up which batch.
        workers: Processes that make examples; 0: the process itself; None: half the CPUs, at most 8.
    """
    if workers is None:
        workers = min(8, available_cpus() // 2)
    return DataLoader(
        examples,
        batch_sampler=batches,
        num_workers=workers,
        persistent_workers=workers > 0,
        pin_memory=torch.cuda.is_available(),
        generator=torch.Generator(),  # else making an iterator would draw from the model's random numbers
        worker_init_fn=_leave_signals_to_the_parent,
    )


def without_workers_trace(error: SepError) -> SepError:
    """An error of an example as it was raised, where a worker process has wrapped it in a report of its own.

    >>> wrapped = "Caught InputError in DataLoader worker process 0.\\nTraceback ...\\nInputError: a.wav is empty."
    >>> without_workers_trace(SepError(wrapped)).message
    'a.wav is empty.'
    """
    if not error.message.startswith("Caught "):
        return error
    last = error.message.strip().splitlines()[-1]
    return type(error)(last.partition(": ")[2], hint="Check the file, then train again.")


def _leave_signals_to_the_parent(worker: int) -> None:
    """Ctrl-C reaches all processes of a terminal, but the parent still needs its batch to end the step."""
    del worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)
