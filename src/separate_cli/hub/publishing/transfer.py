"""The files of a draft become those of a folder: what is there already stays, every checksum is compared."""

from __future__ import annotations

from collections.abc import Callable

from separate_cli.errors import RemoteError
from separate_cli.hub.publishing.deposits import Deposit, Deposits
from separate_cli.hub.publishing.order import ATTEMPTS, Order
from separate_cli.hub.publishing.publishable import LocalFile
from separate_cli.net.waiting import backoff_seconds
from separate_cli.progress import Progress, ProgressTask

__all__ = ["send_files"]


def send_files(
    deposit: Deposit, order: Order, deposits: Deposits, *, progress: Progress, tell: Callable[[str], None]
) -> None:
    """Bring the files of a draft to what they should be, then look again.

    Raises:
        RemoteError: If they do not arrive as they are.
    """
    wanted = order.contents()
    for _ in range(ATTEMPTS):
        there = deposits.read(deposit.id).contents()
        if there == wanted:
            return
        for name in there.keys() - wanted.keys():
            deposits.remove_file(deposit, name)
        todo = [one for one in order.folder.files if there.get(one.name) != wanted[one.name]]
        with progress.task("Uploading", total=sum(one.size for one in todo) / 1e6, unit="MB") as bar:
            for one in todo:
                bar.describe(one.name)
                _send(deposit, one, deposits, bar, tell)
    raise RemoteError("Zenodo does not hold the files that were sent.", hint="Run the same command again later.")


def _send(
    deposit: Deposit, file: LocalFile, deposits: Deposits, bar: ProgressTask, tell: Callable[[str], None]
) -> None:
    for attempt in range(1, ATTEMPTS + 1):
        if deposits.upload(deposit, file, bar) == file.md5:
            return
        tell(f"{file.name} has arrived damaged; it is sent again.")
        deposits.client.sleep(backoff_seconds(attempt))
    raise RemoteError(f"{file.name} arrives damaged each time.", hint="Run the same command again later.")
