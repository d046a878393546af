"""The prepare stage: lists and facts, the same bytes however often it is interrupted."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from separate_cli.data import scan
from separate_cli.data.corpus import Corpus
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.corpora.demask import DemaskCorpus
from separate_cli.stages import prepare


def run(spec: DemaskCorpus, folder: Path) -> dict[str, bytes]:
    folder.mkdir(exist_ok=True)
    prepare.run(spec, StageContext(folder, {name: path for name, (path, _) in spec.sources().items()}))
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_every_recording_is_listed_once_with_its_part(prepare_spec: DemaskCorpus, tmp_path: Path) -> None:
    files = run(prepare_spec, tmp_path)
    assert sorted(files) == ["corpus.json", "noise.jsonl", "rooms.jsonl", "speech.jsonl"]
    rows = [json.loads(line) for line in files["speech.jsonl"].splitlines()]
    assert [(row["speaker"], row["part"]) for row in rows[::2]] == [
        *((str(speaker), "train") for speaker in range(4)),
        ("4", "valid"),
        ("5", "test"),
    ]
    assert {row["frames"] for row in rows} == {24000, 27200}


def test_facts_for_the_model_card_are_kept(prepare_spec: DemaskCorpus, tmp_path: Path) -> None:
    facts = json.loads(run(prepare_spec, tmp_path)["corpus.json"])["speech"]["librispeech"]
    assert facts["licence"] == "CC0" and facts["non_commercial"] is False and facts["skipped"] == []
    assert facts["parts"]["train"] == {"recordings": 8, "speakers": 4, "hours": round(8 * 25600 / 16000 / 3600, 4)}


class PowerCut(BaseException):
    """Nothing may catch this."""


def test_interrupted_anywhere_it_ends_with_the_same_bytes_and_reads_no_file_twice(
    prepare_spec: DemaskCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run(prepare_spec, tmp_path / "whole")
    probe, read = scan.probe, []

    def counting(path: Path) -> object:
        read.append(path)
        if len(read) in {1, 4, 9}:
            raise PowerCut
        return probe(path)

    monkeypatch.setattr(scan, "_CHUNK", 2)
    monkeypatch.setattr(scan, "probe", counting)
    for _ in range(3):
        with pytest.raises(PowerCut):
            run(prepare_spec, tmp_path / "cut")
    assert run(prepare_spec, tmp_path / "cut") == whole
    assert len(read) <= 12 + 3 * 2  # those under way when the power went are read again


def test_a_corpus_may_move(prepare_spec: DemaskCorpus, tmp_path: Path, speech_folder: Path) -> None:
    before = run(prepare_spec, tmp_path / "before")
    shutil.copytree(speech_folder, tmp_path / "moved")
    speech = {"librispeech": prepare_spec.speech["librispeech"].model_copy(update={"path": tmp_path / "moved"})}
    moved = prepare_spec.model_copy(update={"speech": speech})
    assert moved.digest() == prepare_spec.digest()
    assert run(moved, tmp_path / "after") == before


def test_the_next_stage_finds_the_audio_where_it_is_now(prepared: dict[str, Path], speech_folder: Path) -> None:
    corpus = Corpus.of("prepare", prepared)
    assert corpus.roots == {"librispeech": speech_folder}
    first = corpus.recordings("speech", "train")[0]
    assert corpus.load(first).shape == (1, first.frames)


def test_names_with_dots_keep_their_folder(tmp_path: Path) -> None:
    inputs = {
        "prepare": tmp_path,
        "prepare.speech.vctk-0.92.path": tmp_path / "a",
        "prepare.noise.n.split.table": tmp_path,
    }
    assert Corpus.of("prepare", inputs).roots == {"vctk-0.92": tmp_path / "a"}
