"""``sep data check`` on a folder, a prepared folder, a recipe, a list."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from corpora import mixtures
from separate_cli.cli.app import app

runner = CliRunner()


def sep(*arguments: object) -> tuple[int, str]:
    done = runner.invoke(app, ["data", "check", *map(str, arguments)])
    return done.exit_code, done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    mixtures.make(tmp_path / "prepared", [2])
    return tmp_path / "prepared"


def test_a_whole_corpus_is_exit_code_0(folder: Path) -> None:
    for target in (folder, folder / "mixtures.jsonl", folder / "wav"):
        code, text = sep(target, "--json")
        assert code == 0, text
        result = json.loads(text)["result"]
        assert result["files"] == 3 and result["faults"] == [] and result["counts"] == {}


def test_faults_are_listed_counted_and_exit_code_1(folder: Path) -> None:
    (folder / "wav" / "0-s1.wav").unlink()
    soundfile.write(folder / "wav" / "0-s2.wav", np.zeros(2400), 8000)
    code, text = sep(folder, "--json")
    document = json.loads(text)
    assert (code, document["status"]) == (1, "partial")
    assert document["result"]["counts"] == {"missing": 1, "silent": 1}
    assert [fault["kind"] for fault in document["result"]["faults"]] == ["missing", "silent"]
    code, text = sep(folder)
    assert code == 1
    assert "wav/0-s1.wav\tmissing\tthere is no such file\n" in text and "wav/0-s2.wav\tsilent" in text


def test_kinds_that_are_allowed_do_not_count(folder: Path) -> None:
    soundfile.write(folder / "wav" / "0-s2.wav", np.zeros(2400), 8000)
    assert sep(folder, "--allow", "silent")[0] == 0
    assert sep(folder, "--allow", "clipped")[0] == 1
    assert sep(folder, "--allow", "loud")[0] == 2


def test_the_members_of_a_job_array_check_a_share_each(folder: Path) -> None:
    shares = [json.loads(sep(folder, "--shard", f"{i}/2", "--workers", 1, "--json")[1])["result"] for i in (1, 2)]
    assert [share["files"] for share in shares] == [2, 1]
    assert sep(folder, "--shard", "3/2")[0] == 2
    assert sep(folder, "--workers", 2, "--executor", "dask:x")[0] == 2


def test_a_recipes_corpus_is_checked_where_it_was_prepared(tmp_path: Path, speech_folder: Path) -> None:
    own = ["--root", tmp_path, "--set", f"prepare.speech.librispeech.path={speech_folder}"]
    code, _ = sep("demask", *own)
    assert code == 3  # not prepared yet
    assert runner.invoke(app, ["data", "prepare", "--recipe", "demask", *map(str, own)]).exit_code == 0
    code, text = sep("demask", *own, "--json")
    assert code == 0, text
    assert json.loads(text)["result"]["files"] == 12


def test_what_is_neither_is_a_wrong_usage(tmp_path: Path) -> None:
    assert sep(tmp_path / "nothing")[0] == 2
    assert sep(tmp_path)[0] == 3  # a folder without audio
    assert sep(tmp_path, "--corpus", "speech")[0] == 2
