from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from separate_cli.errors import InputError, UsageError
from separate_cli.pipeline.plan import Plan, make_plan
from separate_cli.pipeline.runner import run_plan
from separate_cli.pipeline.stage import Source, Stage, StageContext
from separate_cli.pipeline.store import Slot


@pytest.fixture
def root(toys: ModuleType, tmp_path: Path) -> Path:
    return toys.workspace(tmp_path)


def states(plan: Plan) -> dict[str, str]:
    return {step.stage.name: step.state for step in plan.steps}


def slot(plan: Plan, name: str) -> Slot:
    found = next(step.slot for step in plan.steps if step.stage.name == name)
    assert found is not None
    return found


def test_nothing_done_yet_is_missing_and_later_stages_wait(toys: ModuleType, root: Path) -> None:
    plan = toys.plan(root)
    assert [str(step) for step in plan.steps] == [
        "count: missing, never run",
        "total: waits, waits for count",
        "climb: waits, waits for total",
    ]
    assert not plan.is_done


def test_everything_done_is_fresh(toys: ModuleType, root: Path) -> None:
    toys.run(root)
    plan = toys.plan(root)
    assert plan.is_done
    assert all(step.reason.endswith(" ago") for step in plan.steps)


def test_changed_setting_is_stale_and_says_from_what_to_what(toys: ModuleType, root: Path) -> None:
    toys.run(root)
    assert str(toys.plan(root, scale=3).steps[1]) == "total: stale, scale 1 → 3"


def test_reason_compares_with_the_newest_result_not_the_first(toys: ModuleType, root: Path) -> None:
    toys.run(root)
    toys.run(root, scale=2)
    assert str(toys.plan(root, scale=3).steps[1]) == "total: stale, scale 2 → 3"
    assert toys.plan(root, scale=1).is_done


def test_changed_source_is_stale(toys: ModuleType, root: Path) -> None:
    toys.run(root)
    toys.workspace(root, start=7)
    (root / "numbers" / "more.txt").write_text("more")
    assert str(toys.plan(root).steps[0]) == "count: stale, numbers changed (1 → 2 files)"


def test_touched_or_moved_source_is_still_fresh(toys: ModuleType, root: Path) -> None:
    toys.run(root)
    os.utime(root / "numbers" / "start.txt", (1, 1))
    assert toys.plan(root).is_done


def test_run_time_knob_changes_nothing(toys: ModuleType, root: Path) -> None:
    toys.run(root)
    assert toys.plan(root, workers=8).is_done


def test_stage_version_makes_stale(toys: ModuleType, root: Path) -> None:
    toys.run(root)
    assert str(toys.plan(root, version=2).steps[0]) == "count: stale, stage version 1 → 2"


@pytest.mark.parametrize("harm", ["delete", "change", "same size"])
def test_presence_never_means_done(toys: ModuleType, root: Path, harm: str) -> None:
    toys.run(root)
    file = slot(toys.plan(root), "count").finished / "lines.txt"
    if harm == "delete":
        file.unlink()
    else:
        file.write_bytes(b"x" * (file.stat().st_size + (harm == "change")))
    reason = "lines.txt is gone" if harm == "delete" else "lines.txt was changed after it was written"
    assert str(toys.plan(root).steps[0]) == f"count: stale, {reason}"


def test_incidental_file_may_go(toys: ModuleType, root: Path) -> None:
    toys.run(root)
    (slot(toys.plan(root), "total").finished / "log.csv").unlink()
    assert toys.plan(root).is_done


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 9}', '{"key": 1}'])
def test_record_that_cannot_be_read_is_no_record(toys: ModuleType, root: Path, content: str) -> None:
    toys.run(root)
    (slot(toys.plan(root), "count").finished / "stage.json").write_text(content)
    assert states(toys.plan(root))["count"] == "missing"


def test_raised_budget_extends_and_lowered_budget_is_done(toys: ModuleType, root: Path) -> None:
    toys.run(root, steps=4)
    assert str(toys.plan(root, steps=6).steps[2]) == "climb: extend, steps 4 → 6"
    assert toys.plan(root, steps=2).is_done


def test_a_raised_budget_is_refused_where_what_it_goes_on_from_is_gone(toys: ModuleType, root: Path) -> None:
    def climb(steps: int) -> Stage:
        def run(context: StageContext) -> None:
            toys.climb(spec, context)
            (context.folder / "resume.ckpt").write_text("all that is needed")

        spec = toys.ClimbSpec(steps=steps)
        return Stage("climb", 1, spec, run, incidental=("resume.ckpt",))

    def plan(steps: int, **options: Any) -> Plan:
        return make_plan([climb(steps)], workspace=root, run="toy", **options)

    (record,) = run_plan(plan(4))
    assert states(plan(6)) == {"climb": "extend"}
    (record.folder / "resume.ckpt").unlink()
    assert plan(4).is_done
    with pytest.raises(InputError, match=r"climb cannot go on, steps 4 → 6: .*resume\.ckpt is gone") as caught:
        plan(6)
    assert "--fresh" in caught.value.hint
    assert run_plan(plan(6, fresh={"climb"}))[0].allowance["steps"] == 6


def test_fresh_asks_for_a_redo_of_what_is_there(toys: ModuleType, root: Path) -> None:
    assert states(toys.plan(root, fresh=("count",)))["count"] == "missing"
    toys.run(root)
    plan = toys.plan(root, fresh=("total",))
    assert states(plan) == {"count": "fresh", "total": "redo", "climb": "waits"}


def test_until_leaves_out_what_the_stage_does_not_need_and_unknown_ones_are_answered(
    toys: ModuleType, root: Path
) -> None:
    assert list(states(toys.plan(root, until="total"))) == ["count", "total"]
    count, total, climb = toys.stages()
    aside = Stage("aside", 1, climb.spec, climb.run, {"count": count})
    plan = make_plan([count, total, aside], workspace=root, run="toy", until="aside")
    assert list(states(plan)) == ["count", "aside"]
    with pytest.raises(UsageError, match="Unknown stage 'totl'; the closest names are: total"):
        toys.plan(root, until="totl")


@pytest.mark.parametrize("name", ["", "a/b", "..", ".hidden", "a b", "c:"])
def test_run_name_that_is_no_folder_name_is_refused(toys: ModuleType, root: Path, name: str) -> None:
    with pytest.raises(UsageError, match="A run is a folder"):
        make_plan(toys.stages(), workspace=root, run=name)


def test_all_missing_sources_are_named_with_their_stage_and_place(toys: ModuleType, tmp_path: Path) -> None:
    spec = toys.TotalSpec()
    one = Stage("one", 1, spec, print, {"speech": Source(Path("a"))})
    two = Stage("two", 1, spec, print, {"one": one, "noise": Source(Path("b"))})
    with pytest.raises(InputError) as caught:
        make_plan([one, two], workspace=tmp_path, run="toy")
    first, second = caught.value.message.split("; ")
    assert first == f"one needs speech: {tmp_path / 'a'} does not exist"
    assert second == f"two needs noise: {tmp_path / 'b'} does not exist."


def test_plan_of_a_finished_run_works_where_nothing_can_be_written(toys: ModuleType, root: Path) -> None:
    toys.run(root)
    (root / "exp" / ".hashes.sqlite").unlink()
    (root / "exp" / ".hashes.sqlite").mkdir()
    before = sorted(root.rglob("*"))
    assert toys.plan(root).is_done
    assert sorted(root.rglob("*")) == before


def test_a_shared_stage_is_made_once_for_all_runs(toys: ModuleType, root: Path) -> None:
    first, total, _ = toys.stages()
    shared = replace(first, shared=True)
    (record,) = run_plan(make_plan([shared], workspace=root, run="one"))
    assert record.folder.parent == root / "exp" / "corpora" / "count"
    plan = make_plan([shared, replace(total, inputs={"count": shared})], workspace=root, run="two")
    assert states(plan) == {"count": "fresh", "total": "missing"}
    assert run_plan(plan)[1].folder.parent == root / "exp" / "two" / "total"
