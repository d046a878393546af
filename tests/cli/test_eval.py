"""``sep eval``: which model, which run, and what is said of failures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

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
        ([], "either a run or a recipe"),
        (["tiny", "--recipe", "tiny.yaml"], "either a run or a recipe"),
        (["nothing"], "no run 'nothing'"),
    ],
)
def test_eval_needs_one_run_or_one_recipe(sep: Sep, tiny_workspace: Path, arguments: list[str], message: str) -> None:
    refused = sep("eval", *arguments)
    assert refused.code == 2
    assert message in refused.stderr
