"""The file is right or the error is clear, whatever the server does."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from separate_cli.net.download import download
from separate_cli.net.session import Client
from servers.serving import Server

CONTENT = np.random.default_rng(0).bytes(300_000)
SHA256 = "sha256:" + hashlib.sha256(CONTENT).hexdigest()
MD5 = "md5:" + hashlib.md5(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def _content(server: Server) -> None:
    server.files["/a.zip"] = CONTENT


@pytest.mark.parametrize("checksum", [None, SHA256, MD5, SHA256.upper().replace("SHA256", "sha256")])
def test_a_file_arrives_whole_and_alone(server: Server, client: Client, tmp_path: Path, checksum: str | None) -> None:
    path = download([server.url + "/a.zip"], tmp_path / "here" / "a.zip", checksum=checksum, client=client)
    assert path.read_bytes() == CONTENT
    assert [p.name for p in path.parent.iterdir()] == ["a.zip"]


@pytest.mark.parametrize("etag", ["strong", "weak", "none"])
def test_a_cut_connection_goes_on_where_it_was_when_the_checksum_is_known(
    server: Server, client: Client, tmp_path: Path, etag: str
) -> None:
    server.etag = etag
    server.fault("/a.zip", cut_after=70_000, times=20)
    path = download([server.url + "/a.zip"], tmp_path / "a.zip", checksum=SHA256, client=client)
    assert path.read_bytes() == CONTENT
    assert server.sent == len(CONTENT)


def test_without_checksum_only_a_strong_etag_lets_it_go_on(server: Server, client: Client, tmp_path: Path) -> None:
    server.fault("/a.zip", cut_after=70_000)
    path = download([server.url + "/a.zip"], tmp_path / "a.zip", checksum=None, client=client)
    assert path.read_bytes() == CONTENT
    assert server.sent == len(CONTENT)
    assert server.requests[1].headers["If-Range"]
