"""A small folder to publish, and orders for it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from separate_cli.hub.publishing.deposits import Deposits
from separate_cli.hub.publishing.order import Order, marker
from separate_cli.hub.publishing.publishable import PublishableFolder, read_folder
from separate_cli.net.addresses import host_of
from separate_cli.net.session import Client
from servers.zenodo import TOKEN, Zenodo

Publish = Callable[..., Any]


def write_files(path: Path, version: int = 1, **more: str) -> PublishableFolder:
    """Three files, one of them larger than what a connection takes at once."""
    path.mkdir(parents=True, exist_ok=True)
    texts = {
        "README.md": f"---\nlibrary_name: separate-cli\n---\n# version {version}\n",
        "publication.json": json.dumps({"title": f"tiny {version}"}),
        "model.safetensors": f"weights {version} " * 3000,
        **more,
    }
    for name, text in texts.items():
        (path / name).write_text(text)
    return read_folder(path)


def make_order(folder: PublishableFolder, **options: Any) -> Order:
    """An order with metadata that Zenodo takes."""
    communities = options.get("communities", ())

    def metadata(number: int | None) -> dict[str, Any]:
        return {
            "title": folder.about["title"],
            "upload_type": "software",
            "description": f"<p>sep infer zenodo:{number}</p>",
            "creators": [{"name": "Doe, Jane"}],
            "license": "cc-by-4.0",
            "notes": marker(folder.digest),
            "communities": [{"identifier": slug} for slug in communities],
        }

    return Order(folder=folder, weights=options.pop("weights", folder.digest), metadata=metadata, **options)


@pytest.fixture
def folder(tmp_path: Path) -> PublishableFolder:
    return write_files(tmp_path / "files")


@pytest.fixture
def deposits(zenodo: Zenodo, pauses: list[float]) -> Deposits:
    return Deposits(zenodo.url, Client(token=TOKEN, token_host=host_of(zenodo.url)))


@pytest.fixture(autouse=True)
def _no_fsync(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written outlives a killed process without it; hundreds of publications are faster."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
