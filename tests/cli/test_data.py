"""``sep data prepare``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

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
