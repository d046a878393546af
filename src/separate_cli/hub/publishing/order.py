"""What is to be published on Zenodo, and the mark by which it is found again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from separate_cli.hub.publishing.publishable import PublishableFolder
from separate_cli.hub.reference_forms import ZenodoFile
from separate_cli.net.session import HttpError

__all__ = ["ATTEMPTS", "Order", "is_missing", "marker", "may_be_done"]

ATTEMPTS = 6
"""So often a step is tried that the client cannot simply repeat."""


@dataclass(frozen=True)
class Order:
    """What is to be published, and as what.

    Args:
        folder: The files.
        weights: SHA-256 of the model as it was trained.
        metadata: Describes the record, given its number (None while there is none); holds ``marker`` in its notes.
        communities: Whom it is offered to.
        version_of: Number of a record that it is a new version of.
        resume: Number of a draft to go on with.
        sandbox: Whether it is the sandbox for trials.
    """

    folder: PublishableFolder
    weights: str
    metadata: Callable[[int | None], Mapping[str, Any]]
    communities: tuple[str, ...] = ()
    version_of: int | None = None
    resume: int | None = None
    sandbox: bool = False

    def contents(self) -> dict[str, tuple[int, str]]:
        """Name → size and MD5 of its files."""
        return {one.name: (one.size, one.md5) for one in self.folder.files}

    def reference(self, number: int) -> str:
        """How a record is called."""
        return str(ZenodoFile(number, sandbox=self.sandbox))


def marker(digest: str) -> str:
    """What the notes of a record say about its content.

    >>> marker("ab12")
    'Content: sha256:ab12'
    """
    return f"Content: sha256:{digest}"


def may_be_done(error: Exception) -> bool:
    """Whether a request may have been carried out although it failed: no answer, or one of a gateway."""
    return not isinstance(error, HttpError) or error.status >= 500 or error.status == 429


def is_missing(error: Exception) -> bool:
    """Whether an error says that something is not there, or no more."""
    return isinstance(error, HttpError) and error.status in {404, 410}
