"""What can go wrong, and which exit code says so.

    SepError                  exit code
    ├── PartialFailure        1    some items failed; the rest is done and listed
    ├── UsageError            2    wrong usage
    │   └── SpecError         2    a recipe or spec does not validate (all faults at once)
    ├── InputError            3    an input is missing, unreadable or of the wrong kind
    │   └── OutputError       3    an output cannot be written (read-only folder, full disk)
    ├── RemoteError           4    the network or a remote service failed
    ├── RefusedError          5    refused for safety or licence
    └── Interrupted           130  stopped by the user; the same command resumes

A ``SepError`` is the user's to fix: its message says what was expected and what was found, its hint says what to do.
A programmer's mistake is a plain ``ValueError`` or ``TypeError``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

__all__ = [
    "Fault",
    "InputError",
    "Interrupted",
    "OutputError",
    "PartialFailure",
    "RefusedError",
    "RemoteError",
    "SepError",
    "SpecError",
    "UsageError",
]


class SepError(Exception):
    """An error that the user can fix.

    Args:
        message: What was expected and what was found, in one sentence.
        hint: What to do about it, in one sentence; may be empty.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class PartialFailure(SepError):
    """Some items of a batch failed; the others are done."""

    exit_code = 1


class UsageError(SepError):
    """The command was used in a way that cannot work."""

    exit_code = 2


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong in a spec file: where it is, which field, and why.

    Args:
        where: File and line, or the ``--set`` argument, that holds the value.
        field: Dotted path of the field, for example ``train.batch_size``.
        problem: What was expected and what was found.
    """

    where: str
    field: str
    problem: str

    def __str__(self) -> str:
        return f"{self.where}: {self.field}: {self.problem}"


class SpecError(UsageError):
    """A recipe or spec does not validate. Holds every fault, not only the first."""

    def __init__(self, message: str, *, faults: tuple[Fault, ...] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.faults = faults


class InputError(SepError):
    """An input is missing, unreadable, or not what it should be."""

    exit_code = 3


class OutputError(InputError):
    """An output cannot be written."""


class RemoteError(SepError):
    """The network or a remote service failed."""

    exit_code = 4


class RefusedError(SepError):
    """Refused because it would be unsafe or against a licence."""

    exit_code = 5


class Interrupted(SepError):
    """Stopped by the user. What was done is kept; the same command goes on from there."""

    exit_code = 130
