"""Kill a publication by SIGKILL again and again, a little later each time, until it is done. Forks: run it by itself.

python killed.py URL FOLDER JOURNAL
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from hub.publishing.conftest import make_order
from separate_cli.hub.publishing.deposits import Deposits
from separate_cli.hub.publishing.journal import Journal
from separate_cli.hub.publishing.publishable import read_folder
from separate_cli.hub.publishing.zenodo import publish_on_zenodo
from separate_cli.net.addresses import host_of
from separate_cli.net.session import Client
from servers.zenodo import TOKEN

TOUCHES = {"socket.connect", "os.rename", "open"}


def attempt(url: str, folder: Path, journal: Path, *, kill_at: int) -> bool:
    """Publish in a forked child that dies at its n-th touch of a file or connection; whether it came to an end."""
    child = os.fork()
    if child == 0:
        seen = 0

        def hook(event: str, arguments: object) -> None:
            nonlocal seen
            if event in TOUCHES:
                seen += 1
                if seen == kill_at:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        client = Client(token=TOKEN, token_host=host_of(url), sleep=lambda _: None)
        publish_on_zenodo(make_order(read_folder(folder)), Deposits(url, client), Journal(journal))
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


if __name__ == "__main__":
    kills = 0
    while not attempt(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), kill_at=1 + kills):
        kills += 1
    print("kills", kills)
