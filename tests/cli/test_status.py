from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from separate_cli.files import write_json
from separate_cli.pipeline.inventory import note_run
from separate_cli.pipeline.plan import make_plan
from separate_cli.pipeline.runner import run_plan
from separate_cli.pipeline.stage import Stage, StageContext
from separate_cli.specs.base import Spec


class Seed(Spec):
    seed: int = 0


def score(context: StageContext) -> None:
    write_json(context.folder / "metrics.json", {"headline": {"si_sdr": 14.7}})


def fail(context: StageContext) -> None:
    write_json(context.folder / "metrics.json", {"headline": {"val_loss": -3.25}})
    raise RuntimeError("killed")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    for seed in (0, 1):
        run_plan(make_plan([Stage("eval", 1, Seed(seed=seed), score)], workspace=tmp_path, run="demo"))
    with pytest.raises(RuntimeError):
        run_plan(make_plan([Stage("train", 1, Seed(), fail)], workspace=tmp_path, run="demo"))
    note_run(tmp_path / "exp" / "demo", recipe="demo", overrides=[], stages=["prepare", "train", "eval"])
    run_plan(make_plan([Stage("train", 1, Seed(), lambda context: None)], workspace=tmp_path, run="other"))
    return tmp_path


def test_table_says_what_is_done_what_is_missing_and_why(sep: Callable, workspace: Path) -> None:
    outcome = sep("status", "--root", workspace)
    rows = [line.split("\t") for line in outcome.stdout.splitlines()]
    assert rows[0] == ["run", "stage", "state", "score", "size", "why"]
    assert [row[:4] for row in rows[1:]] == [
        ["demo", "prepare", "missing", ""],
        ["demo", "train", "partial", "val_loss -3.25"],
        ["demo", "eval", "done", "si_sdr 14.7"],
        ["other", "train", "done", ""],
    ]
    assert "the same command goes on" in rows[2][5]
    assert "1 older results not shown" in outcome.stderr


def test_all_shows_older_results_and_names_choose_runs(sep: Callable, workspace: Path) -> None:
    rows = sep("status", "demo", "--all", "--root", workspace).stdout.splitlines()
    assert [row.split("\t")[2] for row in rows[1:]] == ["missing", "partial", "done", "older"]


def test_json_holds_paths_sizes_and_scores(sep: Callable, workspace: Path) -> None:
    results = sep("status", "--root", workspace, "--json").document["result"]["results"]
    evaluated = next(one for one in results if one["stage"] == "eval")
    assert Path(evaluated["folder"]).is_dir()
    assert evaluated["score"] == {"si_sdr": 14.7}
    assert evaluated["bytes"] > 0
    assert evaluated["moment"] > 1e9


def test_empty_workspace_is_said_to_be_empty(sep: Callable, tmp_path: Path) -> None:
    outcome = sep("status", "--root", tmp_path)
    assert (outcome.code, outcome.stdout) == (0, "")
    assert "No runs in" in outcome.stderr


def test_unknown_run_is_an_input_error(sep: Callable, workspace: Path) -> None:
    outcome = sep("status", "nothing", "--root", workspace)
    assert outcome.code == 3
    assert "There is no run nothing" in outcome.stderr
