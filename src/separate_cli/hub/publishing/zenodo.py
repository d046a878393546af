"""Publish a folder on Zenodo: exactly once, whole or not at all, however often the line breaks or the process dies.

    draft ─ describe ─ upload what is missing ─ compare every checksum ─ publish ─ read again

A step that is safe to repeat is repeated. Two are not: asking for a draft, and publishing. Before each the journal says
that it is about to happen; when the answer is lost, Zenodo is asked what it has. A draft carries the digest of its
content in its notes, by which it is found again, even without the journal.

Checked: tests/hub/publishing/test_zenodo.py (faults at every request, kills), against a local server.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from separate_cli.errors import InputError, RefusedError, RemoteError, SepError, UsageError
from separate_cli.hub.publishing.deposits import Deposit, Deposits
from separate_cli.hub.publishing.drafting import Drafting
from separate_cli.hub.publishing.journal import Entry, Journal
from separate_cli.hub.publishing.order import ATTEMPTS, Order, is_missing, may_be_done
from separate_cli.hub.publishing.published import Published
from separate_cli.hub.publishing.transfer import send_files
from separate_cli.net.session import HttpError
from separate_cli.net.waiting import backoff_seconds
from separate_cli.progress import SILENT, Progress

__all__ = ["publish_on_zenodo"]


def publish_on_zenodo(
    order: Order,
    deposits: Deposits,
    journal: Journal,
    *,
    progress: Progress = SILENT,
    tell: Callable[[str], None] = lambda _: None,
) -> Published:
    """Publish a folder, going on where an interrupted call has stopped.

    Args:
        order: What to publish.
        deposits: Where.
        journal: Of the run.
        progress: Shows the upload.
        tell: Told what happens.

    Raises:
        RemoteError: If Zenodo cannot be reached or finds fault; the draft is kept, the same call goes on with it.
        RefusedError: If the access token does not allow it.
        UsageError: If these weights are published already, or the number does not fit.
        InputError: If there is no such record or draft.
    """
    try:
        return _Publication(order, deposits, journal, progress, tell).run()
    except HttpError as error:
        raise _refused(error) if error.status in {401, 403} else error from error


def _refused(error: HttpError, rest: str = "") -> RefusedError:
    return RefusedError(error.message, hint=f"{error.hint} {rest}".strip())


@dataclass(frozen=True)
class _Publication:
    order: Order
    deposits: Deposits
    journal: Journal
    progress: Progress
    tell: Callable[[str], None]

    def run(self) -> Published:
        concept = self._concept()
        drafting = Drafting(self.order, self.deposits, self.journal, concept, self.tell)
        done = self._done_before(concept)
        if done is not None:
            return self._report(done, drafting, already=True)
        entry, deposit = drafting.open()
        if deposit.submitted:
            return self._published_meanwhile(entry, deposit, drafting)
        try:
            self.deposits.describe(deposit, self.order.metadata(deposit.id))
            send_files(deposit, self.order, self.deposits, progress=self.progress, tell=self.tell)
            entry = self.journal.note(entry, entry.model_copy(update={"state": "publishing"}))
            deposit = self._publish(deposit)
        except RemoteError as error:
            raise self._with_a_way_on(error, deposit, is_open=entry.state == "publishing") from error
        return self._report(self._finished(entry, deposit.id), drafting, already=False)

    def _concept(self) -> int | None:
        """The number of all versions of the record that gets a new one."""
        number = self.order.version_of
        try:
            return None if number is None else self.deposits.record(number).conceptrecid
        except HttpError as error:
            if number is None or not is_missing(error):
                raise
            raise InputError(
                f"There is no record {self.order.reference(number)} to make a new version of.",
                hint="Give the number of a published record, as in its address.",
            ) from error

    def _done_before(self, concept: int | None) -> Entry | None:
        """Where this very content is published already.

        Raises:
            UsageError: If the weights are, with another card, and no new version is asked for.
        """
        for entry in self.journal.published(self.deposits.url, weights=self.order.weights):
            if entry.id is None or self._is_gone(entry.id):
                self.journal.forget(entry)
            elif entry.digest == self.order.folder.digest:
                return entry
            elif concept is None:
                raise UsageError(
                    f"This model is published already, as {self.order.reference(entry.id)}; only what is said about it "
                    "differs.",
                    hint=f"Publish a new version with: --new-version-of {entry.id}",
                )
        return None

    def _is_gone(self, number: int) -> bool:
        """Whether a record does not exist any more; the sandbox is emptied now and then."""
        try:
            self.deposits.record(number)
        except HttpError as error:
            if is_missing(error):
                return True
            raise
        return False

    def _published_meanwhile(self, entry: Entry, deposit: Deposit, drafting: Drafting) -> Published:
        """What an earlier call has published without hearing of it; or, by its digest, another computer."""
        if deposit.contents() == self.order.contents():
            entry = entry.model_copy(update={"digest": self.order.folder.digest, "weights": self.order.weights})
            return self._report(self._finished(entry, deposit.id), drafting, already=True)
        if self.order.resume is not None:
            raise UsageError(
                f"{self.order.reference(deposit.id)} is published, with other files.",
                hint=f"Publish a new version with: --new-version-of {deposit.id}",
            )
        self._finished(entry, deposit.id)
        self.tell(f"The draft {deposit.id} of an earlier call was published, with the files of then.")
        return self.run()

    def _finished(self, entry: Entry, number: int) -> Entry:
        return self.journal.note(entry, entry.model_copy(update={"id": number, "state": "published"}))

    def _publish(self, deposit: Deposit) -> Deposit:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self.deposits.publish(deposit)
            except RemoteError as error:
                if not (is_missing(error) or may_be_done(error)):
                    raise
                there = self.deposits.read(deposit.id)
                if there.submitted:
                    return there
                if is_missing(error) or attempt == ATTEMPTS:
                    raise
            self.deposits.client.sleep(backoff_seconds(attempt))
        raise ValueError("The loop ends with a record or an error.")

    def _report(self, entry: Entry, drafting: Drafting, *, already: bool) -> Published:
        """Tidy up, and tell what Zenodo itself says of the record now."""
        number = entry.id or 0
        name, page = self.order.reference(number), f"{self.deposits.url}/records/{number}"
        try:
            record = self.deposits.record(number)
        except RemoteError as error:
            unread = f"It is published, but could not be read again: {error.message}"
            return Published(name, name, page, already=already, warnings=(unread,))
        drafting.discard_strays(entry, record.conceptrecid)
        is_same = record.contents() == self.order.contents()
        return Published(
            reference=name,
            latest=self.order.reference(record.conceptrecid),
            url=str(record.links.get("self_html") or page),
            doi=record.doi,
            communities=record.communities,
            pending=tuple(slug for slug in self.order.communities if slug not in record.communities),
            already=already,
            warnings=() if is_same else ("Zenodo shows other files than were sent; look at the page.",),
        )

    def _with_a_way_on(self, error: RemoteError, deposit: Deposit, *, is_open: bool) -> SepError:
        """The same error; its hint says what there is now, and how to go on."""
        page = deposit.links.get("html") or f"{self.deposits.url}/uploads/{deposit.id}"
        rest = f"Nothing is published; the draft {deposit.id} is kept: {page}. The same command goes on with it."
        if is_open and may_be_done(error):
            rest = f"Whether the draft {deposit.id} is published is not known: {page}. The same command finds out."
        if isinstance(error, HttpError) and error.status in {401, 403}:
            return _refused(error, rest)
        return RemoteError(error.message, hint=f"{error.hint} {rest}".strip())
