"""Lhotse's cuts: written, read again, with the fields that Lhotse asks for."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import soundfile

from separate_cli.data.corpus import Corpus
from separate_cli.data.exchange.lhotse import read_lhotse, write_lhotse
from separate_cli.data.mixtures import Mixture, Piece
from separate_cli.errors import InputError

from .conftest import absolute

OnDisk = tuple[Corpus, list[Mixture]]


@pytest.mark.parametrize("name", ["cuts.jsonl", "cuts.jsonl.gz"])
def test_what_was_written_is_read_again(on_disk: OnDisk, tmp_path: Path, name: str) -> None:
    corpus, rows = on_disk
    rows = [replace(row, facts={"snr_db": 2.5}) for row in rows]
    write_lhotse(rows, corpus, tmp_path / name)
    assert read_lhotse(tmp_path / name) == [absolute(corpus, row) for row in rows]
    first = (tmp_path / name).read_bytes()
    write_lhotse(rows, corpus, tmp_path / name)
    assert (tmp_path / name).read_bytes() == first


def test_a_cut_has_the_fields_that_lhotse_reads(on_disk: OnDisk, tmp_path: Path) -> None:
    corpus, rows = on_disk
    write_lhotse(rows, corpus, tmp_path / "cuts.jsonl.gz")
    cut = json.loads(gzip.decompress((tmp_path / "cuts.jsonl.gz").read_bytes()).splitlines()[0])
    assert (cut["type"], cut["start"], cut["duration"], cut["channel"]) == ("MonoCut", 0.0, 0.3, 0)
    path = corpus.folder / "train" / "mix_both" / f"{rows[0].id}.wav"
    assert cut["recording"] == {
        "id": f"{rows[0].id}-mix_both",
        "sources": [{"type": "file", "channels": [0], "source": path.as_posix()}],
        "sampling_rate": 8000,
        "num_samples": 2400,
        "duration": 0.3,
        "channel_ids": [0],
    }
    assert [speech["speaker"] for speech in cut["supervisions"]] == ["07", "08"]
    assert set(cut["custom"]) == {"input", "part", "mix_clean", "mix_single", "s1", "s2", "noise"}


def cut_of(path: Path, **changes: Any) -> dict[str, Any]:
    soundfile.write(path, [[0.1, 0.2]] * 800, 8000)
    recording = {"id": "r", "sources": [{"type": "file", "channels": [0, 1], "source": str(path)}],
                 "sampling_rate": 8000, "num_samples": 800, "duration": 0.1, "channel_ids": [0, 1]}  # fmt: skip
    return {
        "id": "c",
        "start": 0.025,
        "duration": 0.05,
        "channel": 1,
        "recording": recording,
        "type": "MonoCut",
        **changes,
    }


def test_a_part_of_a_channel_is_read_as_such(tmp_path: Path) -> None:
    (tmp_path / "cuts.jsonl").write_text(json.dumps(cut_of(tmp_path / "a.wav")) + "\n", encoding="utf-8")
    (mixture,) = read_lhotse(tmp_path / "cuts.jsonl", part="test")
    assert (mixture.part, mixture.frames, mixture.sample_rate) == ("test", 400, 8000)
    assert mixture.signals == {"mix_clean": Piece((tmp_path / "a.wav").as_posix(), start=200, frames=400, channel=1)}
    wave = Corpus(Path(), {}).signal(mixture, "mix_clean")
    assert wave.shape == (1, 400) and wave[0, 0] == pytest.approx(0.2, abs=1e-4)


@pytest.mark.parametrize(
    "changes",
    [
        {"recording": None},
        {"type": "MixedCut", "tracks": []},
        {"recording": {"sources": [{"type": "memory", "channels": [0], "source": "x"}], "sampling_rate": 8000}},
    ],
)
def test_cuts_that_are_no_files_are_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    cut = cut_of(tmp_path / "a.wav", **changes)
    if changes.get("type") == "MixedCut":
        del cut["recording"]
    (tmp_path / "cuts.jsonl").write_text(json.dumps(cut) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"cuts\.jsonl:1: not a cut of one recording"):
        read_lhotse(tmp_path / "cuts.jsonl")


def test_what_is_no_list_of_cuts_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cuts.jsonl").write_text("{", encoding="utf-8")
    for name in ("cuts.jsonl", "none.jsonl"):
        with pytest.raises(InputError, match="Cannot read"):
            read_lhotse(tmp_path / name)
