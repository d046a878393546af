"""``sep data ls`` and ``sep data download``, as a user runs them; killed in the middle and run again."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from corpora import librispeech
from corpora.archives import tar
from servers.serving import Server

Sep = Callable[..., Any]


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture
def stand_in(tmp_path: Path, server: Server) -> Path:
    """A small dev-clean.tar.gz of the true layout, on the server as ``/m/dev-clean.tar.gz``; gives what is in it."""
    root = tmp_path / "made" / "LibriSpeech"
    librispeech.make(root, subsets={"dev-clean": ("84", "174", "422")}, takes=6)
    (root / "SPEAKERS.TXT").write_text(";ID |SEX| SUBSET\n")
    with tarfile.open(tmp_path / "dev-clean.tar.gz", "w:gz") as archive:
        archive.add(root, "LibriSpeech")
    server.files["/m/dev-clean.tar.gz"] = tmp_path / "dev-clean.tar.gz"
    return root


def contents(folder: Path) -> dict[str, str]:
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in found.items() if not name.startswith(".")
    }


def test_all_corpora_are_listed_with_size_licence_and_command(sep: Sep, tmp_path: Path) -> None:
    header, *rows = sep("data", "ls", "--root", tmp_path).stdout.splitlines()
    assert header.split("\t") == ["name", "what", "download", "licence", "here", "command"]
    table = {row.split("\t")[0]: row.split("\t") for row in rows}
    assert table["librispeech"][2:] == ["61 GB", "CC BY 4.0", "missing", "sep data download librispeech"]
    assert table["musdb18"][5] == "sep data download musdb18 --accept-licence"
    assert len(table) >= 25


def test_a_corpus_is_shown_with_its_parts(sep: Sep, tmp_path: Path) -> None:
    document = sep("data", "ls", "librispeech", "--root", tmp_path, "--json").document
    (corpus,) = document["result"]["corpora"]
    assert corpus["licence"] == "CC BY 4.0"
    assert {part["name"]: part["bytes"] for part in corpus["parts"]}["dev-clean"] == 337_926_286
    shown = sep("data", "ls", "wsj0", "--root", tmp_path)
    assert "Buy LDC93S6A" in shown.stderr


def test_what_is_here_is_shown(sep: Sep, tmp_path: Path, server: Server, stand_in: Path) -> None:
    def states() -> dict[str, str]:
        (corpus,) = sep("data", "ls", "librispeech", "--root", tmp_path, "--json").document["result"]["corpora"]
        return {part["name"]: part["here"] for part in corpus["parts"]}

    assert set(states().values()) == {"missing"}
    (tmp_path / "data" / "LibriSpeech" / "test-clean" / "61").mkdir(parents=True)
    sep("data", "download", "librispeech", "--parts", "dev-clean", "--mirror", f"{server.url}/m", "--root", tmp_path)
    assert {name: state for name, state in states().items() if state != "missing"} == {
        "dev-clean": "here",
        "test-clean": "own",
    }


def test_a_stand_in_of_the_true_layout_is_downloaded_and_said_to_be_one(
    sep: Sep, tmp_path: Path, server: Server, stand_in: Path
) -> None:
    done = sep(
        *("data", "download", "librispeech", "--parts", "dev-clean", "--mirror", f"{server.url}/m"), "--root", tmp_path
    )
    assert done.code == 0
    folder = tmp_path / "data" / "LibriSpeech"
    assert done.stdout.splitlines() == [str(folder)]
    assert contents(folder) == contents(stand_in)
    assert "licence: CC BY 4.0" in done.stderr
    assert "stand-in" in done.stderr


def test_the_result_as_json(sep: Sep, tmp_path: Path, server: Server, stand_in: Path) -> None:
    words = ("data", "download", "librispeech", "--parts", "dev-clean", "--mirror", f"{server.url}/m", "--json")
    document = sep(*words, "--to", tmp_path / "corpora").document
    assert document["exit_code"] == 0
    (unit,) = document["result"]["fetched"]
    assert unit["files"] == len(contents(stand_in))
    assert unit["sources"][0]["checksum"] == "sha256:" + contents(tmp_path)["dev-clean.tar.gz"]
    assert "stand-in" in document["warnings"][0]
    again = sep(*words, "--to", tmp_path / "corpora").document
    assert again["result"]["fetched"] == []
    assert again["result"]["folder"] == str(tmp_path / "corpora" / "LibriSpeech")


def test_a_dry_run_asks_nobody(sep: Sep, tmp_path: Path) -> None:
    shown = sep("data", "download", "librispeech", "--parts", "dev-clean,test-other", "--dry-run", "--root", tmp_path)
    assert [row.split("\t")[1:] for row in shown.stdout.splitlines()[1:]] == [
        ["dev-clean.tar.gz", "338 MB", "fetch"],
        ["test-other.tar.gz", "329 MB", "fetch"],
    ]
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["nonsense"], 2, "no corpus"),
        (["librispeech", "--parts", "dev"], 2, "no part"),
        (["librispeech", "--mirror", "nowhere"], 3, "is no folder"),
        (["librispeech", "--parts", "dev-clean", "--mirror", "{url}/none"], 4, "does not have dev-clean.tar.gz"),
        (["musdb18"], 5, "--accept-licence"),
        (["wsj0"], 5, "Linguistic Data Consortium"),
        (["librispeech", "--parts", "dev-clean", "--mirror", "{url}/bad"], 5, "leads outside"),
    ],
)
def test_what_cannot_be_done_ends_in_two_lines_and_its_exit_code(
    sep: Sep, tmp_path: Path, server: Server, words: list[str], code: int, said: str
) -> None:
    server.files["/bad/dev-clean.tar.gz"] = tar(tmp_path / "bad.tar.gz", {"../../../x": b"!"}).read_bytes()
    done = sep("data", "download", *(word.format(url=server.url) for word in words), "--root", tmp_path / "deep" / "er")
    assert done.code == code
    assert said in done.stderr
    errors = done.stderr.splitlines()[-2:]
    assert [line.split(":")[0] for line in errors] == ["error", "hint"]
    assert not list(tmp_path.rglob("x"))


def test_offline_is_offline(sep: Sep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEP_OFFLINE", "1")
    done = sep("data", "download", "librispeech", "--parts", "dev-clean", "--root", tmp_path)
    assert done.code == 4
    assert "SEP_OFFLINE" in done.stderr


def test_killed_in_the_middle_it_goes_on_and_ends_with_the_same_files(
    tmp_path: Path, server: Server, stand_in: Path
) -> None:
    """SIGKILL while the archive comes; the next run asks only for the rest."""
    size = (tmp_path / "dev-clean.tar.gz").stat().st_size
    assert size > 200_000
    server.fault("/m/dev-clean.tar.gz", hold_after=150_000)
    words = ["data", "download", "librispeech", "--parts", "dev-clean", "--mirror", f"{server.url}/m", "--json"]
    program = "from separate_cli.cli.app import main; main()"
    command = [sys.executable, "-c", program, *words, "--root", str(tmp_path)]
    environment = {**os.environ, "SEP_CACHE": str(tmp_path / "cache")}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as first:
        assert server.held.wait(30)
        begun = tmp_path / "data" / "LibriSpeech" / ".sep" / "downloads" / ".dev-clean.tar.gz.part" / "data"
        while not (begun.exists() and begun.stat().st_size > 100_000):
            assert first.poll() is None
            time.sleep(0.01)
        os.kill(first.pid, signal.SIGKILL)
        assert first.wait(30) == -signal.SIGKILL
    server.released.set()
    folder = tmp_path / "data" / "LibriSpeech"
    assert contents(folder) == {}
    second = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert second.returncode == 0, second.stderr
    assert contents(folder) == contents(stand_in)
    *_, last = server.asked("/m/dev-clean.tar.gz")
    assert int(last.headers["Range"].removeprefix("bytes=").removesuffix("-")) > 100_000
    assert json.loads(second.stdout)["status"] == "done"
