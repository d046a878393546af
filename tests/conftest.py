"""What all tests share: no network, own cache and workspace, one torch thread."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from servers.hugging_face import HuggingFace
    from servers.zenodo import Zenodo

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "Agg")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Acceptance tests exist only where their material is named, those that take long only where asked for."""
    left_out = {name for name in ("compile", "devices", "recipes") if name not in config.option.markexpr}
    if not (os.environ.get("SEP_ACCEPTANCE_DATA") or os.environ.get("SEP_ACCEPTANCE_GOLDENS")):
        left_out.add("acceptance")
    is_wanted = [not left_out & {mark.name for mark in item.iter_markers()} for item in items]
    config.hook.pytest_deselected(items=[item for item, wanted in zip(items, is_wanted, strict=True) if not wanted])
    items[:] = [item for item, wanted in zip(items, is_wanted, strict=True) if wanted]


@pytest.fixture
def real_audio() -> Path:
    """The folder with real audio that the acceptance session was given."""
    return Path(os.environ["SEP_ACCEPTANCE_DATA"])


@pytest.fixture
def golden_files() -> Path:
    """The folder with golden files that the acceptance session was given."""
    return Path(os.environ["SEP_ACCEPTANCE_GOLDENS"])


@pytest.fixture(autouse=True)
def _own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEP_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SEP_ROOT", raising=False)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Only loopback and Unix sockets can be reached."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else ""
        if self.family in {socket.AF_INET, socket.AF_INET6} and host not in {"127.0.0.1", "::1", "localhost"}:
            raise RuntimeError(f"A test tried to reach the network: {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    yield


@pytest.fixture
def zenodo(monkeypatch: pytest.MonkeyPatch) -> Iterator[Zenodo]:
    """A Zenodo on loopback, used as the real one is."""
    from servers.zenodo import Zenodo

    with Zenodo() as server:
        monkeypatch.setenv("SEP_ZENODO_URL", server.url)
        yield server


@pytest.fixture
def hugging_face(monkeypatch: pytest.MonkeyPatch) -> Iterator[HuggingFace]:
    """A Hugging Face on loopback, used as the real one is; nobody is logged in."""
    from huggingface_hub import constants

    from servers.hugging_face import HuggingFace

    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", "nowhere")
    with HuggingFace() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that clients of the network would have waited; they do not."""
    from separate_cli.net.session import Client

    noted: list[float] = []
    monkeypatch.setitem(Client.__init__.__kwdefaults__, "sleep", noted.append)
    return noted


@pytest.fixture(scope="session")
def speech_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six invented speakers in LibriSpeech's layout: two recordings each, voiced and unvoiced, 16 kHz FLAC."""
    import soundfile

    root = tmp_path_factory.mktemp("speech")
    for speaker in range(6):
        for take in range(2):
            rng = np.random.default_rng([speaker, take])
            n = 24000 + 3200 * take
            pitch_hz = (90 + 25 * speaker) * (1 + 0.1 * np.sin(2 * np.pi * 3 * np.arange(n) / 16000))
            phase = 2 * np.pi * np.cumsum(pitch_hz) / 16000
            voiced = sum(np.sin(k * phase + k) / k for k in range(1, 30))
            loudness = 0.05 + np.sin(np.pi * 4 * np.arange(n) / 16000 + take) ** 2
            wave = 0.08 * loudness * (voiced + 0.3 * rng.standard_normal(n))
            path = root / "train-clean" / f"{speaker}" / "1" / f"{speaker}-1-{take:04}.flac"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, wave, 16000)
    return root


@pytest.fixture(scope="session")
def _evaluated_once(speech_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tiny_runs import run_recipe

    workspace = tmp_path_factory.mktemp("evaluated")
    run_recipe(workspace, speech_folder)
    return workspace


@pytest.fixture
def evaluated_workspace(_evaluated_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace of one's own with a run ``tiny``, prepared, trained and scored; the current folder."""
    workspace = tmp_path / "workspace"
    shutil.copytree(_evaluated_once, workspace)
    monkeypatch.chdir(workspace)
    return workspace
