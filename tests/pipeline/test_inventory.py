from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import pytest

from separate_cli.pipeline.inventory import Holding, headline, note_run, take_inventory
from separate_cli.pipeline.lock import hold
from separate_cli.pipeline.plan import make_plan
from separate_cli.pipeline.runner import run_plan
from separate_cli.pipeline.stage import Stage, StageContext


@pytest.fixture
def root(toys: ModuleType, tmp_path: Path) -> Path:
    return toys.workspace(tmp_path)


def table(root: Path) -> dict[tuple[str, str], str]:
    return {(one.stage, one.state): one.reason for one in take_inventory(root)}


def killed(toys: ModuleType, root: Path) -> Path:
    """A stage that failed half way; its unfinished folder."""
    seen: list[Path] = []

    def fail(context: StageContext) -> None:
        seen.append(context.folder)
        (context.folder / "half.txt").write_text("12345")
        raise RuntimeError("killed")

    stage = Stage("lone", 1, toys.TotalSpec(), fail)
    with pytest.raises(RuntimeError):
        run_plan(make_plan([stage], workspace=root, run="toy"))
    return seen[0]


def test_empty_workspace_holds_nothing(tmp_path: Path) -> None:
    assert take_inventory(tmp_path) == []


def test_finished_stages_are_listed_in_the_order_in_which_they_were_made(toys: ModuleType, root: Path) -> None:
    records = toys.run(root)
    holdings = take_inventory(root)
    assert [(one.run, one.stage, one.state) for one in holdings] == [
        ("toy", "count", "done"),
        ("toy", "total", "done"),
        ("toy", "climb", "done"),
    ]
    assert [one.folder for one in holdings] == [record.folder for record in records]
    assert holdings[0].bytes >= sum(output.bytes for output in records[0].outputs.values())


def test_noted_stage_without_results_is_missing(toys: ModuleType, root: Path) -> None:
    toys.run(root)
    note_run(root / "exp" / "toy", recipe="toy", overrides=[], stages=["eval", "count", "total", "climb"])
    assert take_inventory(root)[0] == Holding("toy", "eval", "missing", "never run")


def test_older_result_and_stage_that_was_left_behind_are_told_apart(toys: ModuleType, root: Path) -> None:
    toys.run(root)
    run_plan(toys.plan(root, until="total", scale=2))
    found = table(root)
    assert ("total", "done") in found
    assert found["total", "older"].endswith("with other settings or inputs")
    assert found["climb", "stale"] == "total changed since"


def test_lost_file_is_damage(toys: ModuleType, root: Path) -> None:
    (toys.run(root)[0].folder / "lines.txt").unlink()
    assert table(root)["count", "damaged"] == "lines.txt is gone or was changed"


def test_killed_attempt_is_partial_and_one_with_a_live_process_is_running(toys: ModuleType, root: Path) -> None:
    part = killed(toys, root)
    (holding,) = take_inventory(root)
    assert (holding.state, holding.folder) == ("partial", part)
    assert holding.reason.startswith("begun ")
    assert holding.reason.endswith("then stopped; the same command goes on")
    assert holding.bytes >= 5
    with hold(part.parent / f".{part.stem}.lock"):
        (holding,) = take_inventory(root)
    assert holding.state == "running"
    assert "by process" in holding.reason


def test_headline_of_metrics_is_the_score(toys: ModuleType, root: Path) -> None:
    def score(context: StageContext) -> None:
        document = {"headline": {"si_sdr_improvement": 8.1, "note": "ignored"}, "table": []}
        (context.folder / "metrics.json").write_text(json.dumps(document))

    run_plan(make_plan([Stage("eval", 1, toys.TotalSpec(), score)], workspace=root, run="toy"))
    assert take_inventory(root)[0].score == {"si_sdr_improvement": 8.1}


@pytest.mark.parametrize("content", ["{", "[]", '{"headline": 3}', "{}"])
def test_metrics_without_a_headline_have_no_score(tmp_path: Path, content: str) -> None:
    (tmp_path / "metrics.json").write_text(content)
    assert headline(tmp_path) is None
