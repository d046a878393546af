"""``sep eval``: which model, which run, and what is said of failures."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from corpora.mixtures import make

Sep = Callable


def test_a_model_of_ones_own_is_scored_without_training(sep: Sep, tiny_workspace: Path) -> None:
    from separate_cli.hub.checkpoint import save_checkpoint
    from separate_cli.models import get

    save_checkpoint(get("DeMask")(hidden_dims=[4], norm_type="cLN"), tiny_workspace / "mine.safetensors")
    scored = sep("eval", "--recipe", "tiny.yaml", "--model", "mine.safetensors")
    assert scored.code == 0
    folder = Path(scored.stdout.splitlines()[-1])
    assert folder.parts[-3:-1] == ("tiny+mine", "eval")
    assert not (tiny_workspace / "exp" / "tiny+mine" / "train").exists()
    assert sep("eval", str(folder)).stdout == scored.stdout
    assert sep("eval", "mine.safetensors", "--recipe", "tiny.yaml").stdout == scored.stdout


def test_any_model_is_scored_on_any_prepared_folder(sep: Sep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from separate_cli.hub.checkpoint import save_checkpoint
    from separate_cli.models import get

    monkeypatch.chdir(tmp_path)
    make(tmp_path / "prepared", [2, 2])
    sizes = {"n_filters": 8, "bn_chan": 4, "hid_chan": 8, "skip_chan": 4, "n_blocks": 1, "n_repeats": 1}
    save_checkpoint(get("ConvTasNet")(n_src=2, **sizes), tmp_path / "mine.safetensors")
    few = ["--set", "eval.metrics=[si_sdr]", "--set", "eval.workers=1", "--set", "eval.device=cpu"]
    scored = sep("eval", "mine.safetensors", "--data", "prepared", *few, "--json")
    assert scored.code == 0
    result = scored.document["result"]
    assert (result["mixtures"], list(result["headline"])) == (2, ["si_sdr_imp"])
    assert Path(result["folder"]).parts[-3:-1] == ("prepared+mine", "eval")
    assert len(list(Path(result["folder"], "examples").iterdir())) == 2
    again = sep("eval", "mine.safetensors", "--data", "prepared+mine", *few)
    assert again.code == 0 and "all\tsi_sdr\t" in again.stdout


def test_failed_trials_give_exit_code_1_and_are_named(
    sep: Sep, tiny_workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from separate_cli.data.demask_trials import DemaskTrials
    from separate_cli.errors import InputError
    from separate_cli.hub.checkpoint import save_checkpoint
    from separate_cli.models import get

    save_checkpoint(get("DeMask")(hidden_dims=[4], norm_type="cLN"), tiny_workspace / "mine.safetensors")
    load = DemaskTrials.load

    def failing(self: DemaskTrials, trial: object) -> object:
        if "0001" in str(trial):
            raise InputError("b.flac is damaged.")
        return load(self, trial)

    monkeypatch.setattr(DemaskTrials, "load", failing)
    scored = sep("eval", "--recipe", "tiny.yaml", "--model", "mine.safetensors")
    assert scored.code == 1
    assert "1 trials failed" in scored.stderr and "b.flac is damaged." in scored.stderr
    assert "dry\tsi_sdr\t" in scored.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Expected a run, a recipe or a folder"),
        (["--recipe", "tiny.yaml", "--data", "exp"], "Expected --data or --recipe, got both"),
        (["a.safetensors", "--recipe", "tiny.yaml", "--model", "b.safetensors"], "Expected one model"),
        (["--data", "prepared"], "Expected a model to score"),
        (["mine.safetensors", "--data", "nothing"], "neither a run nor a prepared folder"),
        (["nothing"], "no run 'nothing'"),
    ],
)
def test_eval_needs_one_run_or_one_recipe(sep: Sep, tiny_workspace: Path, arguments: list[str], message: str) -> None:
    refused = sep("eval", *arguments)
    assert refused.code == 2
    assert message in refused.stderr


def test_members_of_a_job_array_share_an_evaluation(sep: Sep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from separate_cli.hub.checkpoint import save_checkpoint
    from separate_cli.models import get

    monkeypatch.chdir(tmp_path)
    make(tmp_path / "prepared", [2, 2, 2])
    sizes = {"n_filters": 8, "bn_chan": 4, "hid_chan": 8, "skip_chan": 4, "n_blocks": 1, "n_repeats": 1}
    save_checkpoint(get("ConvTasNet")(n_src=2, **sizes), tmp_path / "mine.safetensors")
    few = [
        word
        for change in ("metrics=[si_sdr]", "workers=1", "device=cpu", "saved_examples=0")
        for word in ("--set", f"eval.{change}")
    ]
    first = sep("eval", "mine.safetensors", "--data", "prepared", *few, "--shard", "1/2")
    assert first.code == 0 and "This share is done" in first.stderr and first.stdout == ""
    last = sep("eval", "mine.safetensors", "--data", "prepared", *few, "--shard", "2/2", "--json")
    assert last.document["result"]["mixtures"] == 3 and not last.document["result"]["failures"]


def test_scores_of_a_recipe_stand_beside_those_that_others_have_published(
    sep: Sep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from separate_cli.hub.checkpoint import save_checkpoint
    from separate_cli.models import get

    monkeypatch.chdir(tmp_path)
    make(tmp_path / "prepared", [2])
    sizes = {"n_filters": 8, "bn_chan": 4, "hid_chan": 8, "skip_chan": 4, "n_blocks": 1, "n_repeats": 1}
    save_checkpoint(get("ConvTasNet")(n_src=2, **sizes), tmp_path / "mine.safetensors")
    Path("mine.yaml").write_text(
        "extends: parts/evaluation\n"
        "published: {si_sdr_imp: 14.7}\n"
        "source: A Paper, 2021\n"
        "eval:\n"
        "  model: mine.safetensors\n"
        "  data: {path: prepared}\n"
        "  metrics: [si_sdr]\n"
        "  workers: 1\n"
        "  saved_examples: 0\n"
    )
    assert "Published: si_sdr_imp 14.7 (A Paper, 2021)" in sep("eval", "--recipe", "mine.yaml").stderr
    assert "Published" not in sep("eval", "--recipe", "mine.yaml", "--quiet").stderr


def test_an_override_that_failed_is_forgotten_and_a_later_one_takes_its_place(
    sep: Sep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from separate_cli.hub.checkpoint import save_checkpoint
    from separate_cli.models import get

    monkeypatch.chdir(tmp_path)
    make(tmp_path / "prepared", [2, 2])
    sizes = {"n_filters": 8, "bn_chan": 4, "hid_chan": 8, "skip_chan": 4, "n_blocks": 1, "n_repeats": 1}
    save_checkpoint(get("ConvTasNet")(n_src=2, **sizes), tmp_path / "mine.safetensors")
    few = ["--set", "eval.metrics=[si_sdr]", "--set", "eval.workers=1", "--set", "eval.device=cpu"]
    assert sep("eval", "mine.safetensors", "--data", "prepared", *few).code == 0
    run = tmp_path / "exp" / "prepared+mine"

    def notes() -> list[str]:
        return [(run / name).read_text() for name in ("run.json", "recipe.yaml")]

    before = notes()
    assert sep("eval", "prepared+mine", "--set", "eval.part=train").code == 3
    assert notes() == before
    assert sep("eval", "prepared+mine").code == 0

    for metric in ("sdr", "stoi", "si_sdr"):
        assert sep("eval", "prepared+mine", "--set", f"eval.metrics=[{metric}]", "--fresh").code == 0
    noted = json.loads((run / "run.json").read_text())["overrides"]
    assert [one for one in noted if one.startswith("eval.metrics")] == ["eval.metrics=[si_sdr]"]
