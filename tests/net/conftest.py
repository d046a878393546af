"""A server on loopback and a client that never sleeps but notes how long it would have."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from separate_cli.net.session import Client
from servers.serving import Server


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture
def pauses() -> list[float]:
    """Seconds that ``client`` would have waited."""
    return []


@pytest.fixture
def client(pauses: list[float]) -> Iterator[Client]:
    with Client(retries=3, timeout=5, sleep=pauses.append) as made:
        yield made
