"""``sep train``, from a folder of invented speech to scores."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

Sep = Callable


def test_from_a_folder_of_speech_to_scores(sep: Sep, tiny_workspace: Path) -> None:
    prepared = sep("data", "prepare", "--recipe", "tiny.yaml")
    assert prepared.code == 0
    assert "speech\tlibrispeech\ttrain\t8\t4\t" in prepared.stdout

    trained = sep("train", "--recipe", "tiny.yaml")
    folder = Path(trained.stdout.strip())
    assert trained.code == 0
    assert {"model.safetensors", "curves.csv", "curves.png", "metrics.json"} <= {path.name for path in folder.iterdir()}
    assert "Next: sep infer" in trained.stderr

    scored = sep("eval", "tiny", "--json")
    assert scored.code == 0
    result = scored.document["result"]
    assert set(result["conditions"]["dry"]) == {
        f"{prefix}{metric}{suffix}"
        for metric in ("si_sdr", "lsd")
        for prefix, suffix in (("", ""), ("input_", ""), ("", "_imp"))
    }
    assert result["left_out"].keys() == {"noisy", "reverberant"}

    again = sep("eval", "--recipe", "tiny.yaml")
    assert "dry\tsi_sdr\t" in again.stdout
    assert "train: done" in again.stderr and "eval: done" in again.stderr
    assert not json.loads(sep("eval", "tiny", "--json").stdout)["result"]["ran"]

    more = sep("train", "--recipe", "tiny.yaml", "--set", "train.epochs=3")
    assert more.stdout == trained.stdout
    assert (folder / "curves.csv").read_text().count("\n") == 1 + 3


def test_dry_runs_do_nothing(sep: Sep, tiny_workspace: Path) -> None:
    for command in (["data", "prepare"], ["train"], ["eval"]):
        planned = sep(*command, "--recipe", "tiny.yaml", "--dry-run")
        assert planned.code == 0
        assert "prepare: missing" in planned.stdout
    assert not (tiny_workspace / "exp" / "tiny").exists()


def test_all_faults_of_a_recipe_are_told_at_once(sep: Sep, tiny_workspace: Path) -> None:
    wrong = ["train.epochs=0", "train.examples.speed=[2, 1]", "eval.masks=[scarf]"]
    refused = sep("train", "--recipe", "tiny.yaml", *(part for one in wrong for part in ("--set", one)))
    assert refused.code == 2
    assert all(text in refused.stderr for text in ("train.epochs", "train.examples.speed", "eval.masks"))
