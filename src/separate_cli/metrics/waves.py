"""Waves as every metric wants them, and what a metric is asked to score.

    numpy | torch | list, (time), (source, time) or (source, channel, time) --as_waves--> float64, at least 2-D
    Trial = signals + references + the (signal, reference) pairs to score --family--> {metric: Outcome (pair)}

Estimates and the unprocessed mixture are all just signals: what depends on a reference alone (its spectrogram, its Gram
matrix) is computed once for both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from separate_cli.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["FloatArray", "Outcome", "Trial", "Undefined", "Waves", "as_waves", "each_pair", "missing_package"]

FloatArray: TypeAlias = npt.NDArray[np.float64]
Waves: TypeAlias = "npt.NDArray[Any] | Tensor | Sequence[float] | Sequence[Sequence[float]]"


class Undefined(ValueError):
    """A metric has no value for these signals; the message says why."""


@dataclass(frozen=True)
class Outcome:
    """What one metric gave for a trial.

    Args:
        values: One value a pair, ``(pair)``; NaN where the metric failed.
        error: Why there are NaNs: the first failure.
    """

    values: FloatArray
    error: Exception | None = None

    @property
    def reason(self) -> str:
        """Why there are NaNs, in one or two sentences; empty when there are none."""
        if self.error is None:
            return ""
        hint = getattr(self.error, "hint", "")
        return f"{self.error or type(self.error).__name__} {hint}".strip()


@dataclass(frozen=True)
class Trial:
    """What is to be scored.

    Args:
        signals: Everything that is compared with a reference, ``(signal, time)``: estimates, then inputs. For metrics
            that are made for several channels, ``(signal, channel, time)``.
        references: Clean signals, ``(reference, time)`` or ``(reference, channel, time)``.
        pairs: Which signal is compared with which reference.
        sample_rate: In Hz.
        transcripts: What is said in each reference, if it is known.
    """

    signals: FloatArray
    references: FloatArray
    pairs: tuple[tuple[int, int], ...]
    sample_rate: int
    transcripts: tuple[str, ...] = ()

    def silence(self, pair: tuple[int, int], *, signal_counts: bool = True) -> Undefined | None:
        """Why a pair has no defined value, if its reference, or what is compared with it, is digital silence."""
        signal, reference = pair
        if not self.references[reference].any():
            return Undefined(f"Reference {reference + 1} is silent.")
        if signal_counts and not self.signals[signal].any():
            return Undefined("The scored signal is silent.")
        return None


def as_waves(name: str, value: Waves) -> FloatArray:
    """Bring waves to float64 ``(source, time)``, or ``(source, channel, time)`` if they have channels.

    Raises:
        ValueError: If they are not real numbers, not 1-D to 3-D, or empty.

    >>> as_waves("references", [0.5, -0.5]).shape
    (1, 2)
    """
    detached: Any = value
    if hasattr(detached, "detach"):  # a torch tensor, without importing torch for those who have none
        detached = detached.detach().cpu().double().numpy()
    try:
        array = np.asarray(detached)
        array = np.atleast_2d(array.astype(np.float64, casting="same_kind" if array.dtype.kind == "c" else "unsafe"))
    except (TypeError, ValueError) as error:
        raise ValueError(f"Expected real numbers in {name}, got {type(value).__name__}: {error}") from error
    if array.ndim > 3 or 0 in array.shape:
        raise ValueError(f"Expected {name} of shape (source, time) with at least one sample, got {array.shape}.")
    return array


def each_pair(
    trial: Trial, score: Callable[[FloatArray, FloatArray], float], *, silence_is_defined: bool = False
) -> Outcome:
    """Score pair by pair; a failure of one leaves NaN there and the others alone.

    Args:
        trial: What to score.
        score: Gives the value of one signal, ``(time)``, against one reference, ``(time)``.
        silence_is_defined: Whether a silent signal has a value; a silent reference never has.
    """
    values = np.full(len(trial.pairs), np.nan)
    first: Exception | None = None
    for index, (signal, reference) in enumerate(trial.pairs):
        error: Exception | None = trial.silence((signal, reference), signal_counts=not silence_is_defined)
        if error is None:
            try:
                values[index] = score(trial.signals[signal], trial.references[reference])
            except Exception as raised:  # third-party back ends raise anything; it is reported, not lost
                error = raised
        first = first or error
    return Outcome(values, first)


def missing_package(package: str, *, extra: str, what: str) -> UsageError:
    """The error that says which optional package a metric needs and how to get it."""
    return UsageError(
        f"{what} needs the package {package!r}, which is not installed.",
        hint=f"Run: pip install 'separate-cli[{extra}]'",
    )
