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


def test_a_line_an_epoch_and_events_for_programs(sep: Sep, tiny_workspace: Path) -> None:
    done = sep("train", "--recipe", "tiny.yaml", "--events", "-", "--workers", "0", "--name", "told")
    assert done.code == 0
    events = [json.loads(line) for line in done.stdout.splitlines()]
    epochs = [event for event in events if event["event"] == "epoch"]
    assert [event["epoch"] for event in epochs] == [1, 2]
    assert all(event["text"] in done.stderr for event in epochs)
    assert events[-1]["event"] == "end" and events[-1]["result"]["run"] == "told"
    rerun = sep("recipes", "show", "exp/told/recipe.yaml")
    assert rerun.code == 0 and "batch_size: 4" in rerun.stdout


def test_a_model_is_tried_before_it_is_trained(sep: Sep, tiny_workspace: Path) -> None:
    quick = ["--set", "train.optimizer.lr=0.02", "--set", "train.examples.identity_probability=0"]
    tried = sep("train", "--recipe", "tiny.yaml", "--overfit", "1", *quick)
    assert tried.code == 0, tried.stderr
    assert tried.stdout.startswith("success\tloss ")
    assert "step 1: loss" in tried.stderr

    hopeless = sep("train", "--recipe", "tiny.yaml", "--overfit", "1", "--set", "train.optimizer.lr=1e-12", "--json")
    assert (hopeless.code, hopeless.document["status"]) == (1, "partial")
    assert hopeless.document["result"]["headline"]["learned"] == 0

    rates = sep("train", "--recipe", "tiny.yaml", "--find-lr", "--json")
    assert rates.code == 0, rates.stderr
    assert 1e-5 < rates.document["result"]["suggestion"] < 1
    assert len(rates.document["result"]["curve"]) > 20
    assert not list((tiny_workspace / "exp" / "tiny").glob("train"))
    assert sep("train", "--recipe", "tiny.yaml", "--find-lr", "--overfit", "1").code == 2


def test_wrong_arguments_are_told_before_anything_is_prepared(sep: Sep, tiny_workspace: Path) -> None:
    wrong = ["--set", "train.model.args.n_scr=2", "--set", "train.optimizer.args={momentom: 1}"]
    for command in (["train", "--recipe", "tiny.yaml"], ["run", "tiny.yaml"], ["train", "--recipe", "tiny.yaml"]):
        refused = sep(*command, *wrong)
        assert refused.code == 2
        assert "cannot be trained: 2 faults" in refused.stderr
        assert "--set train.model.args.n_scr=2: train.model.args.n_scr: DeMask takes no argument" in refused.stderr
        assert "--set train.optimizer.args={momentom: 1}: train.optimizer.args.momentom: " in refused.stderr
    assert not (tiny_workspace / "exp").exists()
    assert sep("data", "prepare", "--recipe", "tiny.yaml", *wrong).code == 0  # which trains nothing


def test_a_training_that_is_refused_leaves_nothing_behind(sep: Sep, tiny_workspace: Path) -> None:
    for trial in ([], ["--overfit", "1"], ["--find-lr"]):
        refused = sep("train", "--recipe", "tiny.yaml", "--set", "train.batch_size=99", *trial)
        assert refused.code == 2
        assert "Expected at least 99 examples" in refused.stderr
    assert not list((tiny_workspace / "exp" / "tiny").rglob("*.part"))
    assert "partial" not in sep("status").stdout


def test_a_recipe_that_trains_nothing_says_so_before_its_data_are_missed(sep: Sep, tiny_workspace: Path) -> None:
    for trial in ([], ["--overfit", "1"]):
        refused = sep("train", "--recipe", "sms-wsj", *trial)
        assert refused.code == 2
        assert "The recipe sms-wsj trains nothing; it has: prepare, eval." in refused.stderr
        assert "sep run sms-wsj" in refused.stderr


def test_the_advice_of_a_training_that_diverges_is_not_what_is_done_already(sep: Sep, tiny_workspace: Path) -> None:
    wild = ["--set", "train.optimizer={name: sgd, lr: 1e30}", "--set", "train.clip_norm=null"]
    for precision, advised in (("32", False), ("bf16", True)):
        failed = sep("train", "--recipe", "tiny.yaml", *wild, "--set", f"train.precision={precision}")
        assert failed.code == 1 and "has diverged" in failed.stderr
        assert ("train.precision=32" in failed.stderr) == advised
