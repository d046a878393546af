"""``sep data prepare``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from corpora.signals import hiss, voice, write

Sep = Callable


def test_a_missing_corpus_is_named(sep: Sep, tiny_workspace: Path) -> None:
    refused = sep("data", "prepare", "--recipe", "tiny.yaml", "--set", "prepare.speech.librispeech.path=nowhere")
    assert refused.code == 3
    assert "nowhere" in refused.stderr


def test_what_is_there_is_shown_by_part(sep: Sep, tiny_workspace: Path) -> None:
    prepared = sep("data", "prepare", "--recipe", "tiny.yaml")
    header, *rows, folder = prepared.stdout.splitlines()
    assert header.split("\t")[1:] == ["corpus", "part", "recordings", "speakers", "hours"]
    assert [row.split("\t")[:5] for row in rows] == [
        ["speech", "librispeech", "test", "2", "1"],
        ["speech", "librispeech", "train", "8", "4"],
        ["speech", "librispeech", "valid", "2", "1"],
    ]
    assert json.loads((Path(folder) / "corpus.json").read_text())["speech"]["librispeech"]["licence"] == "CC BY 4.0"


def test_what_is_left_out_is_told_with_its_reason(sep: Sep, tiny_workspace: Path) -> None:
    longer = ("--set", "prepare.min_seconds=1.6")
    prepared = sep("data", "prepare", "--recipe", "tiny.yaml", *longer)
    assert "librispeech: 6 files left out, the first one is train-clean/0/1/0-1-0000.flac: 1.50 s" in prepared.stderr
    corpora = sep("data", "prepare", "--recipe", "tiny.yaml", *longer, "--json").document["result"]["corpora"]
    assert len(corpora["speech"]["librispeech"]["skipped"]) == 6


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with seven speakers a folder each, and some noise."""
    for speaker in range(7):
        write(tmp_path / "speech" / f"who{speaker}" / "1.wav", voice(speaker, 9000, rate=8000), 8000)
    write(tmp_path / "noise" / "street.flac", hiss(0, 20000), 16000)
    monkeypatch.chdir(tmp_path)
    return tmp_path


OWN = ("data", "prepare", "--from-folder", "speech", "--noise", "noise", "--workers", "1")


def test_your_own_recordings_are_mixed_in_one_command(sep: Sep, own_folder: Path) -> None:
    made = sep(*OWN, "--n-train", "3", "--n-valid", "1", "--n-test", "1", "--sample-rate", "16000")
    header, *rows, folder = made.stdout.splitlines()
    assert header.split("\t")[1:] == ["corpus", "part", "mixtures", "recordings", "speakers", "hours"]
    assert ["mixtures", "mixtures", "train", "3"] in [row.split("\t")[:4] for row in rows]
    assert len(list((Path(folder) / "wav16k" / "min" / "train" / "mix_both").glob("*.wav"))) == 3
    again = sep(*OWN, "--n-train", "3", "--n-valid", "1", "--n-test", "1", "--sample-rate", "16000", "--json")
    assert again.document["result"]["ran"] is False


def test_shares_of_a_job_array_end_with_what_one_process_makes(sep: Sep, own_folder: Path) -> None:
    def content(folder: str) -> dict[str, bytes]:
        root = Path(folder)
        files = [path for path in root.rglob("*") if path.is_file() and path.name != "stage.json"]
        return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}

    counts = ("--n-train", "4", "--n-valid", "0", "--n-test", "0")
    first = sep(*OWN, *counts, "--shard", "2/2")
    assert (first.code, first.stdout) == (0, "") and "share is done" in first.stderr
    last = sep(*OWN, *counts, "--shard", "1/2").stdout.splitlines()[-1]
    assert content(last) == content(sep(*OWN, *counts, "--root", "elsewhere").stdout.splitlines()[-1])


def test_only_a_list_takes_no_space(sep: Sep, own_folder: Path) -> None:
    made = sep(*OWN, "--mixtures", "on-the-fly", "--n-train", "2", "--n-valid", "0", "--n-test", "0")
    folder = Path(made.stdout.splitlines()[-1])
    assert len((folder / "mixtures.jsonl").read_text().splitlines()) == 2
    assert not list(folder.rglob("*.wav"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Expected one of --recipe and --from-folder"),
        (("--recipe", "demask", "--from-folder", "speech"), "Expected one of --recipe and --from-folder"),
        (("--recipe", "demask", "--noise", "noise"), "go with --from-folder"),
        (("--from-folder", "speech", "--workers", "2", "--executor", "dask:x"), "got both"),
        (("--from-folder", "speech", "--shard", "3/2"), "such as 2/8"),
        (("--from-folder", "speech", "--shard", "1/2", "--fresh", "--recipe", "x"), "Expected one of"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    sep: Sep, own_folder: Path, arguments: tuple[str, ...], message: str
) -> None:
    refused = sep("data", "prepare", *arguments)
    assert refused.code == 2 and message in refused.stderr
