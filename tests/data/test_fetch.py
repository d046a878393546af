"""A corpus comes whole or not at all, once, and from whoever has it."""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from corpora.archives import tar, zipped
from separate_cli.data.catalog import Corpus
from separate_cli.data.fetch import Order, fetch, fetch_order
from separate_cli.data.pins import find_pin
from separate_cli.errors import InputError, OutputError, RefusedError, RemoteError
from separate_cli.files import hash_file
from separate_cli.pipeline.lock import hold
from servers.serving import Reply, Server

DEV = {f"Tiny/dev/{n}.wav": bytes([n]) * 5000 for n in range(5)} | {"Tiny/README": b"read me"}
TEST = {f"Tiny/test/{n}.wav": bytes([n]) * 4000 for n in range(3)} | {"Tiny/README": b"read me"}


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("session", "transfer"):
        monkeypatch.setattr(f"separate_cli.net.{module}.backoff_seconds", lambda attempt: 0.0)


@pytest.fixture
def archives(tmp_path: Path) -> dict[str, bytes]:
    made = tmp_path / "archives"
    made.mkdir()
    tar(made / "dev.tar.gz", DEV)
    zipped(made / "test.zip", TEST)
    return {path.name: path.read_bytes() for path in sorted(made.iterdir())}


def digest(content: bytes, algorithm: str = "sha256") -> str:
    return f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"


Make = Callable[..., Corpus]


@pytest.fixture
def make_corpus(server: Server, archives: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> Make:
    """A corpus of two parts on the server, in the catalog as ``tiny``; further fields of its row may be given."""
    server.files.update({f"/files/{name}": content for name, content in archives.items()})

    def make(*, is_known: bool = True, **fields: Any) -> Corpus:
        def file(name: str) -> dict[str, Any]:
            content = archives[name]
            known = {"bytes": len(content), "checksum": digest(content), "source": "us"} if is_known else {}
            return {"name": name, **known}

        row = {
            "name": "tiny",
            "title": "Tiny",
            "about": "a corpus",
            "folder": "Tiny",
            "layout": "Tiny/{dev,test}/*.wav",
            "licence": "MIT",
            "author": "me",
            "url": server.url,
            "mirrors": [server.url + "/files/"],
            "parts": [
                {"name": "dev", "holds": ["dev"], "top": "Tiny", "files": [file("dev.tar.gz")]},
                {"name": "test", "holds": ["test"], "top": "Tiny", "files": [file("test.zip")]},
            ],
        }
        corpus = Corpus.model_validate({**row, **fields})
        monkeypatch.setattr("separate_cli.data.catalog._by_name", lambda: {"tiny": corpus})
        return corpus

    return make


def order(corpus: Corpus, to: Path, **options: Any) -> Order:
    return Order(corpus, corpus.choose(options.pop("parts", None)), to, **options)


def visible(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    names = {path.relative_to(folder).as_posix(): path for path in found}
    return {name: path.read_bytes() for name, path in names.items() if not name.startswith(".")}


BOTH = {name.removeprefix("Tiny/"): content for name, content in {**DEV, **TEST}.items()}


def test_all_parts_come_and_are_unpacked(make_corpus: Make, tmp_path: Path) -> None:
    make_corpus()
    folder = fetch("tiny", to=tmp_path / "data")
    assert folder == tmp_path / "data" / "Tiny"
    assert visible(folder) == BOTH
    assert list((folder / ".sep" / "downloads").iterdir()) == []


def test_only_the_parts_that_are_asked_for_come(make_corpus: Make, server: Server, tmp_path: Path) -> None:
    make_corpus()
    folder = fetch("tiny", ["test"], to=tmp_path)
    assert set(visible(folder)) == {name.removeprefix("Tiny/") for name in TEST}
    assert server.asked("/files/dev.tar.gz") == []


def test_what_is_here_is_not_asked_for_again(make_corpus: Make, server: Server, tmp_path: Path) -> None:
    corpus = make_corpus()
    assert len(fetch_order(order(corpus, tmp_path)).units) == 2
    asked = len(server.requests)
    assert fetch_order(order(corpus, tmp_path)).units == ()
    assert len(server.requests) == asked


def test_the_notes_say_where_it_came_from_and_how_it_was_verified(make_corpus: Make, tmp_path: Path) -> None:
    (unit,) = fetch_order(order(make_corpus(), tmp_path, parts=["dev"])).units
    (source,) = unit["sources"]
    assert source["proof"] == "published"
    assert source["from"].endswith("/files/dev.tar.gz")
    assert (unit["files"], unit["licence"]) == (len(DEV), "MIT")
    rows = [
        json.loads(line)
        for line in (tmp_path / "Tiny" / ".sep" / "dev" / "dev.tar.gz.files.jsonl").read_text().splitlines()
    ]
    assert {row["path"]: row["sha256"] for row in rows} == {
        name.removeprefix("Tiny/"): hashlib.sha256(content).hexdigest() for name, content in DEV.items()
    }


@pytest.mark.parametrize("harm", ["delete", "cut"])
def test_a_file_that_is_lost_or_cut_later_is_brought_back(make_corpus: Make, tmp_path: Path, harm: str) -> None:
    corpus = make_corpus()
    fetch_order(order(corpus, tmp_path))
    victim = tmp_path / "Tiny" / "dev" / "2.wav"
    victim.unlink() if harm == "delete" else victim.write_bytes(b"cut")
    (unit,) = fetch_order(order(corpus, tmp_path)).units
    assert unit["part"] == "dev"
    assert visible(tmp_path / "Tiny") == BOTH


def test_archives_are_kept_on_request_and_not_read_again(
    make_corpus: Make, server: Server, archives: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = make_corpus()
    fetch_order(order(corpus, tmp_path, keep_archives=True))
    kept = tmp_path / "Tiny" / ".sep" / "downloads"
    assert (kept / "dev.tar.gz").read_bytes() == archives["dev.tar.gz"]
    (tmp_path / "Tiny" / "dev" / "2.wav").unlink()
    asked = len(server.requests)
    monkeypatch.setattr("separate_cli.net.download.matches", lambda *_: pytest.fail("read again"))
    fetch_order(order(corpus, tmp_path))
    assert visible(tmp_path / "Tiny") == BOTH
    assert len(server.requests) == asked


def test_a_kept_archive_that_was_touched_is_compared_again(
    make_corpus: Make, archives: dict[str, bytes], tmp_path: Path
) -> None:
    corpus = make_corpus()
    fetch_order(order(corpus, tmp_path, keep_archives=True))
    archive = tmp_path / "Tiny" / ".sep" / "downloads" / "dev.tar.gz"
    archive.write_bytes(b"x" * len(archives["dev.tar.gz"]))
    (tmp_path / "Tiny" / "dev" / "2.wav").unlink()
    fetch_order(order(corpus, tmp_path))
    assert visible(tmp_path / "Tiny") == BOTH


def test_wrong_bytes_are_refused_and_nothing_is_unpacked(make_corpus: Make, server: Server, tmp_path: Path) -> None:
    corpus = make_corpus()
    content = bytearray(server.files["/files/dev.tar.gz"])
    content[100] ^= 1
    server.files["/files/dev.tar.gz"] = bytes(content)
    with pytest.raises(RemoteError, match="checksum"):
        fetch_order(order(corpus, tmp_path, parts=["dev"]))
    assert visible(tmp_path / "Tiny") == {}


def test_one_that_fails_does_not_undo_the_others(make_corpus: Make, server: Server, tmp_path: Path) -> None:
    corpus = make_corpus()
    server.fault("/files/dev.tar.gz", times=None, status=404)
    with pytest.raises(RemoteError, match="404"):
        fetch_order(order(corpus, tmp_path))
    server.fault("/files/dev.tar.gz", times=None)
    fetch_order(order(corpus, tmp_path))
    assert visible(tmp_path / "Tiny") == BOTH


def test_an_unknown_checksum_is_pinned_at_the_first_download(
    make_corpus: Make, server: Server, archives: dict[str, bytes], tmp_path: Path
) -> None:
    corpus = make_corpus(is_known=False)
    (unit,) = fetch_order(order(corpus, tmp_path / "one", parts=["dev"])).units
    assert unit["sources"][0]["proof"] == "nothing"
    pin = find_pin("tiny", "dev.tar.gz")
    assert pin is not None
    assert pin.checksum == digest(archives["dev.tar.gz"])
    (unit,) = fetch_order(order(corpus, tmp_path / "two", parts=["dev"])).units
    assert unit["sources"][0]["proof"] == "pinned"
    server.files["/files/dev.tar.gz"] = tar(tmp_path / "other.tar.gz", {**DEV, "Tiny/new": b""}).read_bytes()
    with pytest.raises(RemoteError) as caught:
        fetch_order(order(corpus, tmp_path / "three", parts=["dev"]))
    assert "first download" in caught.value.hint


def test_what_turns_out_damaged_is_not_pinned_and_fetched_anew(
    make_corpus: Make, server: Server, archives: dict[str, bytes], tmp_path: Path
) -> None:
    corpus = make_corpus(is_known=False)
    server.fault("/files/dev.tar.gz", content=archives["dev.tar.gz"][:-20])
    with pytest.raises(InputError, match="not a whole archive"):
        fetch_order(order(corpus, tmp_path, parts=["dev"]))
    assert find_pin("tiny", "dev.tar.gz") is None
    fetch_order(order(corpus, tmp_path, parts=["dev"]))
    assert "dev/1.wav" in visible(tmp_path / "Tiny")


def test_files_that_change_by_nature_are_not_pinned(make_corpus: Make, tmp_path: Path) -> None:
    corpus = make_corpus(is_known=False)
    part = corpus.parts[0]
    moving = part.model_copy(update={"files": (part.files[0].model_copy(update={"stable": False}),)})
    fetch_order(order(corpus.model_copy(update={"parts": (moving,)}), tmp_path))
    assert find_pin("tiny", "dev.tar.gz") is None


def test_zenodo_says_what_the_catalog_does_not(
    make_corpus: Make, server: Server, archives: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEP_ZENODO_URL", server.url)
    corpus = make_corpus(is_known=False, mirrors=[], zenodo=77)

    def entry(name: str) -> dict[str, Any]:
        link = f"{server.url}/api/records/77/files/{name}/content"
        server.files[f"/api/records/77/files/{name}/content"] = archives[name]
        return {
            "key": name,
            "size": len(archives[name]),
            "checksum": digest(archives[name], "md5"),
            "links": {"self": link},
        }

    server.on("GET", "/api/records/77", lambda *_: Reply.json({"files": [entry(name) for name in archives]}))
    units = fetch_order(order(corpus, tmp_path)).units
    assert {unit["sources"][0]["proof"] for unit in units} == {"published"}
    assert len(server.asked("/api/records/77")) == 1
    pin = find_pin("tiny", "test.zip")
    assert pin is not None
    assert pin.checksum.startswith("md5:")


@pytest.mark.parametrize("answer", [{"files": []}, {"metadata": {}}, [], {"files": [{"key": "dev.tar.gz"}]}])
def test_a_record_without_files_is_told(
    make_corpus: Make, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    monkeypatch.setenv("SEP_ZENODO_URL", server.url)
    corpus = make_corpus(is_known=False, mirrors=[], zenodo=77)
    server.on("GET", "/api/records/77", lambda *_: Reply.json(answer))
    with pytest.raises(RemoteError, match="Record 77"):
        fetch_order(order(corpus, tmp_path))


@pytest.mark.parametrize("place", ["/mirror/", "/mirror/tiny/", "/mirror/files/"])
@pytest.mark.parametrize("kind", ["address", "folder"])
def test_a_mirror_takes_the_place_of_the_publisher(
    make_corpus: Make, server: Server, archives: dict[str, bytes], tmp_path: Path, place: str, kind: str
) -> None:
    corpus = make_corpus()
    server.files.clear()
    for name, content in archives.items():
        server.files[place + name] = content
        path = tmp_path / place.strip("/") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    mirror = server.url + "/mirror" if kind == "address" else str(tmp_path / "mirror")
    units = fetch_order(order(corpus, tmp_path / "data", mirror=mirror)).units
    assert {unit["sources"][0]["proof"] for unit in units} == {"published"}
    assert visible(tmp_path / "data" / "Tiny") == BOTH
    assert kind == "folder" or all("/mirror/" in one.path for one in server.requests)
    assert (tmp_path / place.strip("/") / "dev.tar.gz").exists()


def test_a_folder_as_mirror_works_offline(make_corpus: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = make_corpus()
    monkeypatch.setenv("SEP_OFFLINE", "1")
    with pytest.raises(RemoteError, match="SEP_OFFLINE"):
        fetch_order(order(corpus, tmp_path / "data"))
    fetch_order(order(corpus, tmp_path / "data", mirror=tmp_path / "archives"))
    assert visible(tmp_path / "data" / "Tiny") == BOTH
    fetch_order(order(corpus, tmp_path / "data"))


@pytest.mark.parametrize("kind", ["address", "folder"])
def test_a_file_of_the_published_length_must_be_the_published_one(
    make_corpus: Make, server: Server, archives: dict[str, bytes], tmp_path: Path, kind: str
) -> None:
    corpus = make_corpus()
    wrong = b"x" * len(archives["dev.tar.gz"])
    server.files["/m/dev.tar.gz"] = wrong
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "dev.tar.gz").write_bytes(wrong)
    mirror = server.url + "/m" if kind == "address" else str(tmp_path / "m")
    with pytest.raises(RemoteError, match="checksum"):
        fetch_order(order(corpus, tmp_path / "data", mirror=mirror, parts=["dev"]))
    assert visible(tmp_path / "data" / "Tiny") == {}
    assert (tmp_path / "m" / "dev.tar.gz").exists()


@pytest.mark.parametrize("listing", [None, "SHA256SUMS", "dev.tar.gz.sha256", "md5sum.txt"])
def test_a_stand_in_is_taken_for_what_it_is(
    make_corpus: Make, server: Server, tmp_path: Path, listing: str | None
) -> None:
    corpus = make_corpus()
    content = tar(tmp_path / "dev.tar.gz", {"Tiny/dev/other.wav": b"other"}).read_bytes()
    server.files["/m/dev.tar.gz"] = content
    if listing:
        line = digest(content, "md5" if "md5" in listing else "sha256").partition(":")[2]
        server.files[f"/m/{listing}"] = (line if listing.endswith(".sha256") else f"{line}  ./dev.tar.gz\n").encode()
    (unit,) = fetch_order(order(corpus, tmp_path / "data", mirror=server.url + "/m", parts=["dev"])).units
    (source,) = unit["sources"]
    assert source["is_stand_in"]
    assert source["proof"] == ("mirror" if listing else "nothing")
    assert visible(tmp_path / "data" / "Tiny") == {"dev/other.wav": b"other"}
    assert find_pin("tiny", "dev.tar.gz") is None


def test_a_stand_in_must_be_what_the_mirror_itself_says(make_corpus: Make, server: Server, tmp_path: Path) -> None:
    corpus = make_corpus()
    server.files["/m/dev.tar.gz"] = tar(tmp_path / "dev.tar.gz", {"Tiny/dev/other.wav": b"other"}).read_bytes()
    server.files["/m/SHA256SUMS"] = b"0" * 64 + b"  dev.tar.gz\n"
    with pytest.raises(RemoteError, match="checksum"):
        fetch_order(order(corpus, tmp_path / "data", mirror=server.url + "/m", parts=["dev"]))


def test_a_mirror_that_only_knows_get_will_do(make_corpus: Make, server: Server, tmp_path: Path) -> None:
    corpus = make_corpus()
    server.on("HEAD", "/m/.*", lambda *_: Reply(501))
    server.files["/m/dev.tar.gz"] = tar(tmp_path / "dev.tar.gz", {"Tiny/dev/other.wav": b"other"}).read_bytes()
    server.files["/m/test.zip"] = server.files["/files/test.zip"]
    fetch_order(order(corpus, tmp_path / "data", mirror=server.url + "/m"))
    assert set(visible(tmp_path / "data" / "Tiny")) == {"dev/other.wav", "README", *(f"test/{n}.wav" for n in range(3))}


@pytest.mark.parametrize(
    ("mirror", "error"), [("nowhere", InputError), ("empty", InputError), ("address", RemoteError)]
)
def test_a_mirror_that_does_not_have_it_is_told(
    make_corpus: Make, server: Server, tmp_path: Path, mirror: str, error: type[Exception]
) -> None:
    corpus = make_corpus()
    (tmp_path / "empty").mkdir()
    place = server.url + "/none" if mirror == "address" else str(tmp_path / mirror)
    with pytest.raises(error):
        fetch_order(order(corpus, tmp_path / "data", mirror=place))


def test_a_hostile_archive_is_refused_and_thrown_away(make_corpus: Make, server: Server, tmp_path: Path) -> None:
    corpus = make_corpus(is_known=False)
    server.files["/files/dev.tar.gz"] = tar(tmp_path / "bad.tar.gz", {**DEV, "../../outside": b"!"}).read_bytes()
    with pytest.raises(RefusedError):
        fetch_order(order(corpus, tmp_path / "data", parts=["dev"]))
    assert visible(tmp_path / "data" / "Tiny") == {}
    assert not list(tmp_path.rglob("outside"))
    assert not list((tmp_path / "data" / "Tiny" / ".sep" / "downloads").iterdir())


def test_a_licence_is_accepted_once(make_corpus: Make, server: Server, tmp_path: Path) -> None:
    make_corpus(consent=True, licence="research only", licence_url="https://tiny.org/licence")
    with pytest.raises(RefusedError, match="research only") as caught:
        fetch("tiny", to=tmp_path / "one")
    assert "--accept-licence" in caught.value.hint
    assert "https://tiny.org/licence" in caught.value.hint
    assert server.requests == []
    fetch("tiny", to=tmp_path / "one", accept_licence=True)
    fetch("tiny", to=tmp_path / "two")
    make_corpus(consent=True, licence="something else", licence_url="https://tiny.org/licence")
    with pytest.raises(RefusedError, match="something else"):
        fetch("tiny", to=tmp_path / "three")


def test_what_nobody_may_download_says_how_to_get_it(make_corpus: Make, server: Server, tmp_path: Path) -> None:
    make_corpus(parts=[], manual="Buy it and put it into {folder}.", licence="LDC")
    with pytest.raises(RefusedError, match="LDC") as caught:
        fetch("tiny", to=tmp_path)
    assert str(tmp_path / "Tiny") in caught.value.hint
    (tmp_path / "Tiny" / "si_tr_s").mkdir(parents=True)
    assert fetch("tiny", to=tmp_path) == tmp_path / "Tiny"
    assert server.requests == []


def test_a_full_disk_is_told_before_anything_is_asked_for(
    make_corpus: Make, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = make_corpus()
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr("separate_cli.data.fetch.shutil.disk_usage", lambda _: usage)
    with pytest.raises(OutputError, match=r"1\.0 kB are free") as caught:
        fetch_order(order(corpus, tmp_path))
    assert "--to" in caught.value.hint
    assert server.requests == []


def test_two_processes_never_fetch_the_same_corpus(make_corpus: Make, tmp_path: Path) -> None:
    corpus = make_corpus()
    wanted = order(corpus, tmp_path)
    with hold(wanted.landing.lock), pytest.raises(OutputError, match="at work on Tiny"):
        fetch_order(wanted)
    fetch_order(replace(wanted, wait=True))


def test_an_archive_in_pieces_is_joined(
    make_corpus: Make, server: Server, archives: dict[str, bytes], tmp_path: Path
) -> None:
    whole = archives["dev.tar.gz"]
    pieces = {"dev.tar.gz.partaa": whole[:100], "dev.tar.gz.partab": whole[100:]}
    server.files.update({f"/files/{name}": content for name, content in pieces.items()})
    part = {"name": "dev", "holds": ["dev"], "into": "inner", "top": "Tiny", "joined": "dev.tar.gz"}
    corpus = make_corpus(parts=[{**part, "files": sorted(pieces)}])
    fetch_order(order(corpus, tmp_path))
    assert visible(tmp_path / "Tiny") == {f"inner/{n.removeprefix('Tiny/')}": c for n, c in DEV.items()}
    assert fetch_order(order(corpus, tmp_path)).units == ()


@pytest.mark.parametrize("from_folder", [False, True])
def test_files_that_are_no_archives_go_to_their_place(
    make_corpus: Make, server: Server, tmp_path: Path, from_folder: bool
) -> None:
    lists = {"metadata/a.csv": b"1,2\n", "metadata/b/c.csv": b"3\n"}
    for name, content in lists.items():
        server.files[f"/files/{name}"] = content
        path = tmp_path / "mirror" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    part = {"name": "lists", "holds": ["metadata"], "unpack": False, "files": sorted(lists)}
    corpus = make_corpus(parts=[part])
    mirror = tmp_path / "mirror" if from_folder else None
    fetch_order(order(corpus, tmp_path / "data", mirror=mirror))
    assert visible(tmp_path / "data" / "Tiny") == lists
    assert fetch_order(order(corpus, tmp_path / "data")).units == ()


def test_a_corpus_behind_a_link_lands_behind_it(make_corpus: Make, tmp_path: Path) -> None:
    corpus = make_corpus()
    (tmp_path / "big").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "Tiny").symlink_to(tmp_path / "big")
    fetch_order(order(corpus, tmp_path / "data"))
    assert visible(tmp_path / "big") == BOTH


def test_bars_cover_every_byte(make_corpus: Make, archives: dict[str, bytes], tmp_path: Path) -> None:
    from net.test_download import Counted

    class Bars(Counted):
        def __init__(self) -> None:
            self.bars: dict[str, Counted] = {}

        def task(self, description: str, *, total: float | None = None, unit: str = "") -> Any:
            made = self.bars[description] = Counted()
            return made.task(description, total=total, unit=unit)

    bars = Bars()
    fetch_order(order(make_corpus(), tmp_path), progress=bars)
    megabytes = {name: len(content) / 1e6 for name, content in archives.items()}
    assert bars.bars["Tiny"].done == pytest.approx(sum(megabytes.values()))
    assert bars.bars["Tiny"].total == pytest.approx(sum(megabytes.values()))
    for name, size in megabytes.items():
        assert bars.bars[name].done == pytest.approx(size)
        assert bars.bars[f"unpacking {name}"].done >= 0.9 * size


def test_the_same_files_whatever_happens_on_the_way(make_corpus: Make, server: Server, tmp_path: Path) -> None:
    corpus = make_corpus()
    for name in ("dev.tar.gz", "test.zip"):
        server.fault(f"/files/{name}", cut_after=60, times=2)
        server.fault(f"/files/{name}", status=503, headers={"Retry-After": "0"})
    fetch_order(order(corpus, tmp_path))
    assert {name: hash_file(tmp_path / "Tiny" / name) for name in BOTH} == {
        name: hashlib.sha256(content).hexdigest() for name, content in BOTH.items()
    }


def test_ctrl_c_is_heard_even_when_the_line_is_dead(
    make_corpus: Make, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One file waits for a server that sends nothing more; what came is kept, and the next call goes on there."""
    corpus = make_corpus()
    server.fault("/files/dev.tar.gz", hold_after=50)
    monkeypatch.setattr("separate_cli.data.downloads._PATIENCE_SECONDS", 0.05)

    def interrupt(results: object) -> None:
        assert server.held.wait(10)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("separate_cli.data.downloads._next", interrupt)
        fetch_order(order(corpus, tmp_path))
    assert visible(tmp_path / "Tiny") == {}
    server.released.set()
    fetch_order(order(corpus, tmp_path))
    assert visible(tmp_path / "Tiny") == BOTH


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize(
    "point",
    [
        "separate_cli.data.extract._settle",
        "separate_cli.data.extract._has_moved",
        "separate_cli.data.landing.write_manifest",
        "separate_cli.data.landing.write_json",
        "separate_cli.data.arrivals._clear",
        "separate_cli.data.pins.write_json",
    ],
)
@pytest.mark.parametrize("nth", [1, 2])
def test_killed_at_any_step_the_next_call_ends_with_the_same_files(
    make_corpus: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str, nth: int
) -> None:
    corpus = make_corpus(is_known=False)
    module, _, name = point.rpartition(".")
    original, calls = getattr(importlib.import_module(module), name), []

    def deadly(*arguments: Any, **options: Any) -> Any:
        calls.append(name)
        if len(calls) == nth:
            raise Killed
        return original(*arguments, **options)

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(point, deadly)
        fetch_order(order(corpus, tmp_path))
    fetch_order(order(corpus, tmp_path))
    assert visible(tmp_path / "Tiny") == BOTH
    assert order(corpus, tmp_path).missing() == []
    assert [path.name for path in (tmp_path / "Tiny").iterdir() if path.name.startswith(".sep.o")] == []
