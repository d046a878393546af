"""What can go wrong in a training, in the user's words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from separate_cli import errors
from separate_cli.engine.ranks import Ranks
from separate_cli.errors import Interrupted, SepError

__all__ = ["explained", "without_workers_trace"]


_LOST = ("connection", "gloo", "nccl", "timed out", "peer")
"""Words of torch for a process that no longer answers."""


@contextmanager
def explained(device: torch.device, ranks: Ranks, precision: str) -> Iterator[None]:
    """Turn what ends a training into errors that say what to do, of which nothing is done already.

    Raises:
        SepError: If it has diverged, run out of memory, cannot be compiled, or another process has failed.
        Interrupted: If the user wants it to end at once.
    """
    try:
        yield
    except FloatingPointError as error:
        raise SepError(
            f"Training has diverged: {error}.",
            hint=f"Lower train.optimizer.lr or train.clip_norm{_or_set('32', precision)}, then train again.",
        ) from error
    except torch.cuda.OutOfMemoryError as error:
        raise SepError(
            f"{device} has run out of memory.",
            hint=f"Lower train.batch_size and raise train.accumulate_batches{_or_set('bf16', precision)}.",
        ) from error
    except SepError as error:
        raise without_workers_trace(error) from error
    except SystemExit as error:  # Lightning's answer to a second Ctrl-C
        raise Interrupted("Interrupted.", hint="The same command goes on from the last saved state.") from error
    except RuntimeError as error:
        if _comes_from_compiler(error):
            raise SepError(
                f"torch.compile cannot compile this model here: {str(error).strip().splitlines()[0]}",
                hint="Train without it: --set train.compile=false",
            ) from error
        if ranks.is_alone or not ranks.is_leader:
            raise
        raise _elsewhere(ranks, error) from error


def _or_set(other: str, precision: str) -> str:
    return "" if precision == other else f", or set train.precision={other}"


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


def _comes_from_compiler(error: RuntimeError) -> bool:
    return type(error).__module__.startswith(("torch._dynamo", "torch._inductor"))


def _elsewhere(ranks: Ranks, error: RuntimeError) -> Exception:
    """What has made this process fail: the reported error of another one, or its end; else its own error."""
    report = ranks.reported()
    if not report and not any(word in str(error).casefold() for word in _LOST):
        return error
    if not report:
        return SepError(
            "Another process of the training has died.",
            hint="The same command goes on from the last saved state. Was memory full? Lower train.batch_size.",
        )
    kind = getattr(errors, report["type"], SepError)
    found: SepError = kind(report["message"], hint=report["hint"])
    return found
