"""Both hubs on loopback, used as the real ones are; nobody waits, nobody is logged in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from separate_cli.net.session import Client
from servers.hugging_face import HuggingFace
from servers.zenodo import Zenodo


@pytest.fixture
def zenodo(monkeypatch: pytest.MonkeyPatch) -> Iterator[Zenodo]:
    with Zenodo() as server:
        monkeypatch.setenv("SEP_ZENODO_URL", server.url)
        yield server


@pytest.fixture
def hugging_face(monkeypatch: pytest.MonkeyPatch) -> Iterator[HuggingFace]:
    from huggingface_hub import constants

    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", "nowhere")
    with HuggingFace() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that clients would have waited; they do not."""
    noted: list[float] = []
    monkeypatch.setitem(Client.__init__.__kwdefaults__, "sleep", noted.append)
    return noted
