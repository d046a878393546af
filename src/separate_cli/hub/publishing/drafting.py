"""The draft that a publication works on: named by the user, begun by an earlier call, found at Zenodo, or new.

A draft is asked for once at a time. Where the answer is lost, there may be one that nobody knows of: it is looked for
by its mark before another one is asked for, and what turns up later is deleted in the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from separate_cli.errors import InputError, RemoteError, UsageError
from separate_cli.hub.publishing.deposits import Deposit, Deposits
from separate_cli.hub.publishing.journal import Entry, Journal
from separate_cli.hub.publishing.order import ATTEMPTS, Order, is_missing, marker, may_be_done
from separate_cli.net.session import HttpError
from separate_cli.net.waiting import backoff_seconds

__all__ = ["Drafting"]


@dataclass
class Drafting:
    """Finds or makes the draft of an order, and cleans up after broken connections.

    Args:
        order: What is to be published.
        deposits: Where.
        journal: Of the run.
        concept: Number of all versions, where a new one is published; else None.
        tell: Told what happens.
    """

    order: Order
    deposits: Deposits
    journal: Journal
    concept: int | None
    tell: Callable[[str], None]
    _lost: list[str] = field(default_factory=list)
    """Marks of drafts that may lie around."""

    def open(self) -> tuple[Entry, Deposit]:
        """The draft to work on, and its entry in the journal; or the record that it has become.

        Raises:
            InputError: If the draft that the user names is not there.
            UsageError: If a new version is begun already, by somebody else.
            RemoteError: If Zenodo cannot be reached or refuses.
        """
        begun = self.journal.unfinished(self.deposits.url, self.concept)
        number = self.order.resume or (begun.id if begun else None)
        if number is not None:
            deposit = self._known(number)
            if deposit is not None and deposit.submitted:
                return begun or self._entry(id=number), deposit
            if deposit is not None:
                self.tell(f"Going on with the draft {number}.")
                return self.journal.note(begun, self._entry(state="draft", id=number)), deposit
        if begun is not None and begun.id is None:
            self._lost.append(marker(begun.digest))
        entry = self.journal.note(begun, self._entry())
        deposit = self._find() or (self._create() if self.concept is None else self._new_version(self.concept))
        return self.journal.note(entry, self._entry(state="draft", id=deposit.id)), deposit

    def discard_lost(self, kept: Deposit) -> None:
        """Delete drafts that a broken connection has left behind."""
        for one in list(self.deposits.own()) if self._lost else ():
            is_stray = not one.submitted and one.conceptrecid != kept.conceptrecid
            if is_stray and self._is_marked(one) and self.deposits.discard(one):
                self.tell(f"The draft {one.id}, left behind by a broken connection, was deleted.")

    def _entry(self, **changes: Any) -> Entry:
        begun = Entry(
            host=self.deposits.url,
            weights=self.order.weights,
            digest=self.order.folder.digest,
            state="creating",
            version_of=self.concept,
        )
        return begun.model_copy(update=changes)

    def _known(self, number: int) -> Deposit | None:
        """A draft by its number; None if it was begun by us and is gone."""
        try:
            return self.deposits.read(number)
        except HttpError as error:
            if error.status != 403 and not is_missing(error):
                raise
            if self.order.resume is None:
                self.tell(f"The draft {number} is gone; a new one is begun.")
                return None
            raise InputError(
                f"There is no draft {number} of yours at {self.deposits.url}.", hint="Leave out --resume to begin anew."
            ) from error

    def _find(self) -> Deposit | None:
        """What lies at Zenodo with this mark: published, or a draft of the same kind (a first or a new version)."""
        own = list(self.deposits.own())
        families = {one.conceptrecid for one in own if one.submitted}
        marked = [one for one in own if self._is_marked(one)]
        done = [one for one in marked if one.submitted and marker(self.order.folder.digest) in one.notes]
        drafts = [one for one in marked if not one.submitted]
        fitting = [
            one for one in drafts if self.concept == (one.conceptrecid if one.conceptrecid in families else None)
        ]
        return next(iter(done + fitting), None)

    def _is_marked(self, deposit: Deposit) -> bool:
        return any(mark in deposit.notes for mark in (marker(self.order.folder.digest), *self._lost))

    def _create(self) -> Deposit:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self.deposits.create(self.order.metadata(None))
            except RemoteError as error:
                if attempt == ATTEMPTS or not may_be_done(error):
                    raise
            self._lost.append(marker(self.order.folder.digest))
            self.deposits.client.sleep(backoff_seconds(attempt))
            found = self._find()
            if found is not None:
                return found
        raise ValueError("The loop ends with a draft or an error.")

    def _new_version(self, concept: int) -> Deposit:
        deposit = self.deposits.new_version(self.deposits.record(concept).id)
        if deposit.files or deposit.metadata.get("title"):
            raise UsageError(
                f"A new version of {self.order.reference(concept)} is begun already: draft {deposit.id}.",
                hint=f"Go on with it, replacing what is in it: --resume {deposit.id}",
            )
        return deposit
