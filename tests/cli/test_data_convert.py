"""``sep data convert``: lists for other tools, and from them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from corpora import mini_librimix
from separate_cli.cli.app import app

runner = CliRunner()


def sep(*arguments: object) -> tuple[int, str]:
    done = runner.invoke(app, ["data", *map(str, arguments)])
    return done.exit_code, done.stdout


@pytest.mark.parametrize(
    ("form", "target", "file"),
    [
        ("sep", "out", "mixtures.jsonl"),
        ("wham", "out", "tr/mix_both.json"),
        ("librimix", "out", "mixture_train_mix_clean.csv"),
        ("lhotse", "out.jsonl.gz", ""),
        ("shards", "out", "valid-000000.tar"),
    ],
)
def test_librimix_becomes_any_form(tmp_path: Path, form: str, target: str, file: str) -> None:
    lists = mini_librimix.make(tmp_path, train=2, val=1)
    code, text = sep("convert", lists, tmp_path / target, "--to", form, "--json")
    assert code == 0, text
    assert json.loads(text)["result"]["mixtures"] == 3
    assert (tmp_path / target / file).is_file()


def test_a_converted_folder_can_be_checked(tmp_path: Path) -> None:
    lists = mini_librimix.make(tmp_path, train=2, val=1)
    assert sep("convert", lists, tmp_path / "prepared", "--to", "sep")[0] == 0
    code, text = sep("check", tmp_path / "prepared", "--json")
    assert code == 0, text
    assert json.loads(text)["result"]["files"] == 18


def test_an_unknown_form_and_a_missing_source_are_wrong_usage(tmp_path: Path) -> None:
    assert sep("convert", tmp_path, tmp_path / "out", "--to", "kaldi")[0] == 2
    assert sep("convert", tmp_path / "none", tmp_path / "out", "--to", "sep")[0] == 2
