"""The draft that a publication works on: named by the user, begun by an earlier call, found at Zenodo, or new.

A draft is asked for once at a time. Where the answer is lost, there may be one that nobody knows of: it is looked for
by its mark before another one is asked for; what turns up later, when Zenodo's index knows it, is deleted in the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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
                return self._note(begun, state="draft", id=number), deposit
        entry = self._note(begun, state="creating", id=None)
        if begun is not None and begun.id is None:
            entry = self._with_stray(entry, begun.digest)
        deposit = self._find(entry)
        if deposit is None and self.concept is None:
            entry, deposit = self._create(entry)
        deposit = deposit or self._new_version()
        return self._note(entry, state="draft", id=deposit.id), deposit

    def discard_strays(self, entry: Entry, kept: int) -> Entry:
        """Delete drafts that a broken connection has left behind, as far as Zenodo knows of them by now.

        Args:
            entry: Says whether there may be any.
            kept: Number of all versions of the record that was published.
        """
        if not entry.strays:
            return entry
        try:
            for one in list(self.deposits.own()):
                if not one.submitted and one.conceptrecid != kept and self._is_marked(one, entry):
                    self.deposits.discard(one)
                    self.tell(f"The draft {one.id}, left behind by a broken connection, was deleted.")
        except RemoteError as error:
            self.tell(f"A draft may be left behind ({error.message}) The same command looks for it again.")
            return entry
        return self.journal.note(entry, entry.model_copy(update={"strays": ()}))

    def _entry(self, **changes: object) -> Entry:
        begun = Entry(
            host=self.deposits.url,
            weights=self.order.weights,
            digest=self.order.folder.digest,
            state="creating",
            version_of=self.concept,
        )
        return begun.model_copy(update=changes)

    def _note(self, before: Entry | None, **changes: object) -> Entry:
        """Write down that the order of now is on its way."""
        strays = before.strays if before else ()
        return self.journal.note(before, self._entry(**changes, strays=strays))

    def _with_stray(self, entry: Entry, digest: str) -> Entry:
        strays = tuple(dict.fromkeys((*entry.strays, digest)))
        return self.journal.note(entry, entry.model_copy(update={"strays": strays}))

    def _known(self, number: int) -> Deposit | None:
        """A draft by its number; None if it was begun by us and is gone."""
        try:
            return self.deposits.read(number)
        except HttpError as error:
            if error.status != 403 and not is_missing(error):
                raise
            if self.order.resume is None and is_missing(error) and self._is_no_record(number):
                self.tell(f"The draft {number} is gone; a new one is begun.")
                return None
            hint = "Use the access token of the account that began it"
            raise InputError(
                f"There is no draft {number} of yours at {self.deposits.url}.",
                hint=f"{hint}, or leave out --resume." if self.order.resume else f"{hint}.",
            ) from error

    def _is_no_record(self, number: int) -> bool:
        """Whether a draft that is not there was not published either."""
        try:
            self.deposits.record(number)
        except HttpError as error:
            if is_missing(error):
                return True
            raise
        return False

    def _find(self, entry: Entry) -> Deposit | None:
        """What lies at Zenodo with this mark: published, or a draft of the same kind (a first or a new version)."""
        own = list(self.deposits.own())
        families = {one.conceptrecid for one in own if one.submitted}
        done = [one for one in own if one.submitted and marker(self.order.folder.digest) in one.notes]
        drafts = [one for one in own if not one.submitted and self._is_marked(one, entry)]
        fitting = [
            one for one in drafts if self.concept == (one.conceptrecid if one.conceptrecid in families else None)
        ]
        return next(iter(done + fitting), None)

    def _is_marked(self, deposit: Deposit, entry: Entry) -> bool:
        return any(marker(digest) in deposit.notes for digest in (self.order.folder.digest, *entry.strays))

    def _create(self, entry: Entry) -> tuple[Entry, Deposit]:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return entry, self.deposits.create(self.order.metadata(None))
            except RemoteError as error:
                if attempt == ATTEMPTS or not may_be_done(error):
                    raise
            entry = self._with_stray(entry, self.order.folder.digest)
            self.deposits.client.sleep(backoff_seconds(attempt))
            found = self._find(entry)
            if found is not None:
                return entry, found
        raise ValueError("The loop ends with a draft or an error.")

    def _new_version(self) -> Deposit:
        concept = self.concept or 0
        deposit = self.deposits.new_version(self.deposits.record(concept).id)
        if deposit.files or deposit.metadata.get("title"):
            raise UsageError(
                f"A new version of {self.order.reference(concept)} is begun already: draft {deposit.id}.",
                hint=f"Go on with it, replacing what is in it: --resume {deposit.id}",
            )
        return deposit
