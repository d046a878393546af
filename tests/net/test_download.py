"""The file is right or the error is clear, whatever the server does."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from separate_cli.errors import OutputError, RemoteError
from separate_cli.net.download import download, matches
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


def test_without_a_strong_etag_or_checksum_it_starts_anew(server: Server, client: Client, tmp_path: Path) -> None:
    server.etag = "weak"
    server.fault("/a.zip", cut_after=70_000)
    path = download([server.url + "/a.zip"], tmp_path / "a.zip", checksum=None, client=client)
    assert path.read_bytes() == CONTENT
    assert "Range" not in server.requests[1].headers


def test_a_file_that_changes_between_attempts_is_never_mixed(server: Server, client: Client, tmp_path: Path) -> None:
    newer = CONTENT[::-1]
    server.fault("/a.zip", cut_after=70_000)
    server.fault("/a.zip", times=None, content=newer)
    path = download([server.url + "/a.zip"], tmp_path / "a.zip", checksum=None, client=client)
    assert path.read_bytes() == newer


def test_a_server_that_overlooks_if_range_is_found_out(server: Server, client: Client, tmp_path: Path) -> None:
    """It answers 206 with the rest of another version: the ETag tells."""
    server.fault("/a.zip", cut_after=70_000)
    server.fault("/a.zip", content=CONTENT[::-1], headers={"Content-Range": "bytes 70000-299999/300000"}, status=206)
    server.fault("/a.zip", etag='"other"', status=206, headers={"Content-Range": "bytes 70000-299999/300000"})
    path = download([server.url + "/a.zip"], tmp_path / "a.zip", checksum=SHA256, client=client)
    assert path.read_bytes() == CONTENT


def test_other_bytes_under_the_same_range_are_found_by_the_checksum(
    server: Server, client: Client, tmp_path: Path
) -> None:
    server.etag = "none"
    server.fault("/a.zip", cut_after=70_000, content=CONTENT[::-1])
    path = download([server.url + "/a.zip"], tmp_path / "a.zip", checksum=SHA256, client=client)
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize(
    "how", [{"ignore_range": True}, {"wrong_range": True}, {"status": 416}, {"chunked": True}], ids=str
)
def test_answers_to_a_range_that_are_not_it(
    server: Server, client: Client, tmp_path: Path, how: dict[str, object]
) -> None:
    server.fault("/a.zip", cut_after=70_000)
    server.fault("/a.zip", times=1 if "status" in how else 2, **how)
    path = download([server.url + "/a.zip"], tmp_path / "a.zip", checksum=None, client=client)
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize("how", [{"chunked": True}, {"chunked": True, "cut_after": 5000}], ids=str)
def test_a_file_in_chunks_needs_no_length(
    server: Server, client: Client, tmp_path: Path, how: dict[str, object]
) -> None:
    server.fault("/a.zip", **how)
    path = download([server.url + "/a.zip"], tmp_path / "a.zip", checksum=None, client=client)
    assert path.read_bytes() == CONTENT


def test_without_length_and_checksum_nobody_could_tell(server: Server, client: Client, tmp_path: Path) -> None:
    server.fault("/a.zip", times=None, no_length=True)
    with pytest.raises(RemoteError, match="does not say how long"):
        download([server.url + "/a.zip"], tmp_path / "a.zip", checksum=None, client=client)
    assert download([server.url + "/a.zip"], tmp_path / "a.zip", checksum=MD5, client=client).read_bytes() == CONTENT


def test_a_file_without_length_that_is_cut_is_completed_when_its_size_is_known(
    server: Server, client: Client, tmp_path: Path
) -> None:
    server.fault("/a.zip", no_length=True, cut_after=100_000)
    path = download([server.url + "/a.zip"], tmp_path / "a.zip", checksum=None, size=len(CONTENT), client=client)
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize("claimed", [1000, 299_999, 300_001, 10**12])
@pytest.mark.parametrize("size", [None, len(CONTENT)])
def test_a_lie_about_the_length_is_never_believed(
    server: Server, client: Client, tmp_path: Path, claimed: int, size: int | None
) -> None:
    server.fault("/a.zip", times=None, declared_length=claimed)
    with pytest.raises(RemoteError):
        download([server.url + "/a.zip"], tmp_path / "a.zip", checksum=SHA256, size=size, client=client)
    assert not (tmp_path / "a.zip").exists()


def test_wrong_bytes_are_refused_and_not_kept(server: Server, client: Client, tmp_path: Path) -> None:
    server.fault("/a.zip", times=None, content=b"x" * len(CONTENT))
    with pytest.raises(RemoteError, match="checksum") as caught:
        download([server.url + "/a.zip"], tmp_path / "a.zip", checksum=SHA256, client=client)
    assert caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_the_next_mirror_is_asked_when_one_fails(server: Server, client: Client, tmp_path: Path) -> None:
    server.files["/wrong/a.zip"] = b"x" * len(CONTENT)
    server.fault("/busy/a.zip", times=None, status=503)
    urls = [f"{server.url}{folder}/a.zip" for folder in ("/missing", "/busy", "/wrong", "")]
    path = download(urls, tmp_path / "a.zip", checksum=SHA256, client=client)
    assert path.read_bytes() == CONTENT
    assert len(server.asked("/busy/a.zip")) == client.retries + 1


def test_a_mirror_goes_on_where_another_stopped(server: Server, client: Client, tmp_path: Path) -> None:
    server.files["/mirror/a.zip"] = CONTENT
    server.fault("/a.zip", cut_after=200_000)
    server.fault("/a.zip", times=None, status=404)
    urls = [server.url + "/a.zip", server.url + "/mirror/a.zip"]
    path = download(urls, tmp_path / "a.zip", checksum=SHA256, client=client)
    assert path.read_bytes() == CONTENT
    assert server.sent < len(CONTENT) + 2000


def test_when_no_mirror_has_it_all_reasons_are_told(server: Server, client: Client, tmp_path: Path) -> None:
    with pytest.raises(RemoteError, match=r"None of 2 addresses has a.zip: .*/x answers 404.*/y answers 404"):
        download([server.url + "/x", server.url + "/y"], tmp_path / "a.zip", checksum=SHA256, client=client)


def test_a_server_that_cuts_at_the_same_place_forever_ends_in_a_clear_error(
    server: Server, client: Client, tmp_path: Path
) -> None:
    server.fault("/a.zip", times=None, cut_after=70_000, ignore_range=True)
    with pytest.raises(RemoteError, match="stops after 70000 bytes"):
        download([server.url + "/a.zip"], tmp_path / "a.zip", checksum=SHA256, client=client)
    assert len(server.requests) == client.retries + 2


def test_the_next_call_goes_on_after_a_call_that_failed(server: Server, client: Client, tmp_path: Path) -> None:
    server.fault("/a.zip", cut_after=200_000)
    server.fault("/a.zip", times=4, status=503)
    with pytest.raises(RemoteError, match="503"):
        download([server.url + "/a.zip"], tmp_path / "a.zip", checksum=None, client=client)
    path = download([server.url + "/a.zip"], tmp_path / "a.zip", checksum=None, client=client)
    assert path.read_bytes() == CONTENT
    assert server.sent == len(CONTENT)


def test_more_bytes_than_the_known_size_are_refused(server: Server, client: Client, tmp_path: Path) -> None:
    server.fault("/a.zip", times=None, chunked=True)
    with pytest.raises(RemoteError, match="more than the 1000 bytes"):
        download([server.url + "/a.zip"], tmp_path / "a.zip", checksum=None, size=1000, client=client)
    assert not (tmp_path / "a.zip").exists()


@pytest.mark.parametrize(("name", "is_taken"), [("a.tar.gz", True), ("a.csv", False)])
def test_packing_by_the_server_is_taken_only_as_part_of_the_file(
    server: Server, client: Client, tmp_path: Path, name: str, is_taken: bool
) -> None:
    server.files[f"/{name}"] = CONTENT
    server.fault(f"/{name}", times=None, headers={"Content-Encoding": "gzip"})
    if is_taken:
        path = download([f"{server.url}/{name}"], tmp_path / name, checksum=None, client=client)
        assert path.read_bytes() == CONTENT
    else:
        with pytest.raises(RemoteError, match="packed with gzip"):
            download([f"{server.url}/{name}"], tmp_path / name, checksum=None, client=client)


def test_what_is_here_and_right_is_not_fetched_again(server: Server, client: Client, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(CONTENT)
    download([server.url + "/a.zip"], tmp_path / "a.zip", checksum=SHA256, client=client)
    assert server.requests == []


def test_what_is_here_and_wrong_is_replaced(server: Server, client: Client, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(CONTENT[:1000])
    path = download([server.url + "/a.zip"], tmp_path / "a.zip", checksum=SHA256, client=client)
    assert path.read_bytes() == CONTENT


def test_a_part_that_lost_its_description_is_not_used(server: Server, client: Client, tmp_path: Path) -> None:
    (tmp_path / ".a.zip.part").mkdir()
    (tmp_path / ".a.zip.part" / "data").write_bytes(b"x" * 1000)
    (tmp_path / ".a.zip.part" / "state.json").write_text("{")
    path = download([server.url + "/a.zip"], tmp_path / "a.zip", checksum=None, client=client)
    assert path.read_bytes() == CONTENT


def test_an_empty_file_is_a_file(server: Server, client: Client, tmp_path: Path) -> None:
    server.files["/empty"] = b""
    assert download([server.url + "/empty"], tmp_path / "e", checksum=None, client=client).read_bytes() == b""


def test_a_folder_that_cannot_be_made_is_the_users_to_fix(server: Server, client: Client, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        download([server.url + "/a.zip"], tmp_path / "file" / "a.zip", checksum=None, client=client)


@pytest.mark.parametrize("checksum", ["crc32:1234", "1234", "sha256:", "md5"])
def test_a_checksum_in_no_known_form_is_the_programmers_to_fix(tmp_path: Path, checksum: str) -> None:
    with pytest.raises(ValueError, match="sha256"):
        download(["http://127.0.0.1:1/a"], tmp_path / "a", checksum=checksum)


def test_progress_covers_what_was_there_and_what_came(server: Server, client: Client, tmp_path: Path) -> None:
    progress = Counted()
    server.fault("/a.zip", cut_after=70_000, times=2)
    server.fault("/a.zip", status=416)
    download([server.url + "/a.zip"], tmp_path / "a.zip", checksum=SHA256, client=client, progress=progress)
    assert progress.total == pytest.approx(0.3) or progress.total is None
    assert progress.done == pytest.approx(0.3)


class Counted:
    """Adds up what is reported."""

    total: float | None = None
    done = 0.0

    def tell(self, event: str, text: str = "", **facts: object) -> None:
        pass

    @contextmanager
    def task(self, description: str, *, total: float | None = None, unit: str = "") -> Iterator[Counted]:
        self.total = total
        yield self

    def advance(self, amount: float = 1.0) -> None:
        self.done += amount

    def describe(self, text: str) -> None:
        pass


def test_twenty_cuts_in_twenty_megabytes_cost_almost_nothing(server: Server, client: Client, tmp_path: Path) -> None:
    block = np.random.default_rng(1).bytes(1_000_000)
    big = tmp_path / "big"
    big.write_bytes(block * 20)
    server.files["/big"] = big
    server.fault("/big", cut_after=950_000, times=20)
    path = download([server.url + "/big"], tmp_path / "copy", checksum=None, client=client)
    assert matches(path, "sha256:" + hashlib.sha256(block * 20).hexdigest())
    assert server.sent < 1.001 * 20_000_000
    assert len(server.requests) == 21
