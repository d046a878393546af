from __future__ import annotations

import errno
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest

from separate_cli.errors import InputError, Interrupted, OutputError
from separate_cli.pipeline.plan import make_plan
from separate_cli.pipeline.record import Record, read_record
from separate_cli.pipeline.runner import Event, run_plan
from separate_cli.pipeline.stage import Source, Stage, StageContext


@pytest.fixture
def root(toys: ModuleType, tmp_path: Path) -> Path:
    return toys.workspace(tmp_path)


def ran(records: tuple[Record, ...]) -> list[str]:
    return [record.stage for record in records if record.ran]


def lone(toys: ModuleType, root: Path, run, *, fresh: tuple[str, ...] = (), **inputs: Source):
    """Plan and run one stage of its own function."""
    stage = Stage("lone", 1, toys.TotalSpec(), run, inputs)
    return run_plan(make_plan([stage], workspace=root, run="toy", fresh=fresh))


def test_stages_run_once_and_their_results_lie_where_the_records_say(toys: ModuleType, root: Path) -> None:
    records = toys.run(root)
    assert ran(records) == ["count", "total", "climb"]
    assert (records[1].folder / "total.txt").read_text() == str(3 + 4 + 5 + 6 + 7)
    assert ran(toys.run(root)) == []


def test_record_holds_what_went_in_and_what_came_out(toys: ModuleType, root: Path) -> None:
    count, total, climb = toys.run(root)
    document = read_record(count.folder)
    assert document is not None
    assert document.model_copy(update={"ran": True}) == count
    assert count.spec == {"n_lines": 5, "seed": 0}
    assert count.inputs["numbers"].files == 1
    assert sorted(count.outputs) == ["lines.txt", *(f"parts/{number}.txt" for number in range(5))]
    assert climb.allowance == {"steps": 4, "patience": 3}
    assert total.content().files == 1
    assert {"sep", "python"} <= set(total.software)
    assert total.attempts == 1
    assert total.host


def test_only_what_depends_on_a_change_runs_again(toys: ModuleType, root: Path) -> None:
    toys.run(root)
    assert ran(toys.run(root, scale=2)) == ["total", "climb"]
    assert ran(toys.run(root)) == []


def test_stage_whose_input_came_out_the_same_does_not_run_again(toys: ModuleType, root: Path) -> None:
    """Zero times anything: other settings of ``total``, the same file, so ``climb`` is done already."""
    toys.run(root, n_lines=0, scale=1)
    assert ran(toys.run(root, n_lines=0, scale=2)) == ["total"]


def test_raised_budget_goes_on_from_the_finished_result(toys: ModuleType, root: Path, tmp_path: Path) -> None:
    first = toys.run(root, steps=4)[2]
    longer = toys.run(root, steps=6)[2]
    assert longer.ran
    assert (longer.key, longer.folder) == (first.key, first.folder)
    assert longer.allowance["steps"] == 6
    straight = toys.run(toys.workspace(tmp_path / "other"), steps=6)[2]
    assert (longer.folder / "top.txt").read_bytes() == (straight.folder / "top.txt").read_bytes()


def test_failed_extension_leaves_the_finished_result_and_then_goes_on(toys: ModuleType, root: Path) -> None:
    toys.run(root, steps=4)
    stages = toys.stages(steps=9)
    up = stages[2].spec

    def stumble(context: StageContext) -> None:
        toys.climb(up.model_copy(update={"steps": 6}), context)
        raise RuntimeError("power cut")

    broken = Stage("climb", 1, up, stumble, stages[2].inputs)
    with pytest.raises(RuntimeError, match="power cut"):
        run_plan(make_plan([*stages[:2], broken], workspace=root, run="toy"))
    assert toys.plan(root, steps=4).is_done
    step = toys.plan(root, steps=9).steps[2]
    assert step.state == "extend"
    assert step.reason.startswith("steps 4 → 9, begun ")
    seen = []

    def watched(context: StageContext) -> None:
        seen.append((context.folder / "state.json").read_text())
        toys.climb(up, context)

    again = Stage("climb", 1, up, watched, stages[2].inputs)
    record = run_plan(make_plan([*stages[:2], again], workspace=root, run="toy"))[2]
    assert '"step": 6' in seen[0]
    assert record.attempts == 2


def test_failed_attempt_is_continued_not_restarted(toys: ModuleType, root: Path) -> None:
    def run(context: StageContext, fail: bool) -> None:
        file = context.folder / "made.txt"
        file.write_text(file.read_text() + "again" if file.exists() else "once ")
        if fail:
            raise ValueError("a mistake in the code")

    with pytest.raises(ValueError, match="mistake"):
        lone(toys, root, partial(run, fail=True))
    (record,) = lone(toys, root, partial(run, fail=False))
    assert (record.folder / "made.txt").read_text() == "once again"
    assert record.attempts == 2
    assert not toys.leftovers(root)


def test_fresh_starts_from_an_empty_folder_and_keeps_the_old_result_until_done(toys: ModuleType, root: Path) -> None:
    (old,) = lone(toys, root, lambda context: (context.folder / "a.txt").write_text("old"))

    def redo(context: StageContext) -> None:
        assert not (context.folder / "a.txt").exists()
        assert (old.folder / "a.txt").read_text() == "old"
        (context.folder / "a.txt").write_text("new")

    (new,) = lone(toys, root, redo, fresh=("lone",))
    assert (new.folder / "a.txt").read_text() == "new"
    assert new.folder == old.folder


def test_interrupted_redo_goes_on_without_fresh(toys: ModuleType, root: Path) -> None:
    lone(toys, root, lambda context: (context.folder / "a.txt").write_text("old"))

    def stop(context: StageContext) -> None:
        (context.folder / "half.txt").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(Interrupted, match="Interrupted in lone") as caught:
        lone(toys, root, stop, fresh=("lone",))
    assert "without --fresh" in caught.value.hint
    assert caught.value.exit_code == 130
    (record,) = lone(toys, root, lambda context: (context.folder / "a.txt").write_text("new"))
    assert sorted(record.outputs) == ["a.txt", "half.txt"]


def test_damaged_result_is_made_again(toys: ModuleType, root: Path) -> None:
    count = toys.run(root)[0]
    before = (count.folder / "lines.txt").read_bytes()
    (count.folder / "lines.txt").write_text("rubbish")
    assert ran(toys.run(root)) == ["count"]
    assert (count.folder / "lines.txt").read_bytes() == before


@pytest.mark.parametrize(("number", "words"), [(errno.ENOSPC, "the disk is full"), (errno.EROFS, "read-only")])
def test_full_disk_and_read_only_folder_are_output_errors(
    toys: ModuleType, root: Path, number: int, words: str
) -> None:
    def run(context: StageContext) -> None:
        raise OSError(number, "no")

    with pytest.raises(OutputError, match=words):
        lone(toys, root, run)


def test_unreadable_input_in_the_middle_is_an_input_error_that_names_it(toys: ModuleType, root: Path) -> None:
    def run(context: StageContext) -> None:
        (context.inputs["numbers"] / "gone.txt").read_text()

    with pytest.raises(InputError, match=r"lone cannot read .*gone\.txt: No such file"):
        lone(toys, root, run, numbers=Source(Path("numbers")))


def test_workspace_that_cannot_be_written_is_an_output_error(toys: ModuleType, root: Path) -> None:
    (root / "exp").write_text("a file where a folder is needed")
    with pytest.raises(OutputError, match="Cannot write"):
        toys.run(root)


def test_temporary_files_of_killed_writers_are_not_results(toys: ModuleType, root: Path) -> None:
    def run(context: StageContext) -> None:
        (context.folder / "a.txt").write_text("a")
        (context.folder / ".a.4711.0badcafe.tmp.txt").write_text("half")
        (context.folder / ".keep").write_text("hidden, but a result")

    (record,) = lone(toys, root, run)
    assert sorted(record.outputs) == [".keep", "a.txt"]
    assert not (record.folder / ".a.4711.0badcafe.tmp.txt").exists()


def test_events_tell_the_story(toys: ModuleType, root: Path) -> None:
    events: list[Event] = []
    run_plan(toys.plan(root, until="total"), on_event=events.append)
    run_plan(toys.plan(root, until="total", scale=2), on_event=events.append)
    assert [(event.stage, event.kind) for event in events] == [
        *[(name, kind) for name in ("count", "total") for kind in ("start", "done")],
        ("count", "skip"),
        ("total", "start"),
        ("total", "done"),
    ]
    assert events[-2].text == "stale, scale 1 → 2"


SLOW = """
import importlib.util, sys, time
from pathlib import Path
spec = importlib.util.spec_from_file_location("toys", sys.argv[1])
toys = importlib.util.module_from_spec(spec); spec.loader.exec_module(toys)
from separate_cli.pipeline.plan import make_plan
from separate_cli.pipeline.runner import run_plan
from separate_cli.pipeline.stage import Stage
def run(context):
    with (context.folder / "who.txt").open("a") as stream:
        stream.write("x"); stream.flush(); print("at work", flush=True); time.sleep(float(sys.argv[3]))
stage = Stage("lone", 1, toys.TotalSpec(), run)
run_plan(make_plan([stage], workspace=Path(sys.argv[2]), run="toy"))
"""


def start_slow(root: Path, seconds: float) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", SLOW, Path(__file__).with_name("toys.py"), root, str(seconds)]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "at work\n"
    return process


def test_two_processes_never_share_a_folder_and_the_waiting_one_finds_the_work_done(
    toys: ModuleType, root: Path
) -> None:
    stage = Stage("lone", 1, toys.TotalSpec(), lambda context: pytest.fail("worked twice"))
    plan = make_plan([stage], workspace=root, run="toy")
    with start_slow(root, 1.5) as process:
        with pytest.raises(OutputError, match=f"process {process.pid}"):
            run_plan(plan)
        assert f"now run by process {process.pid}" in make_plan([stage], workspace=root, run="toy").steps[0].reason
        (record,) = run_plan(plan, wait=True)
        process.wait()
    assert not record.ran
    assert (record.folder / "who.txt").read_text() == "x"


def test_lock_of_a_killed_process_is_explained_and_its_work_taken_over(toys: ModuleType, root: Path) -> None:
    with start_slow(root, 60) as process:
        process.kill()
    events: list[Event] = []
    stage = Stage("lone", 1, toys.TotalSpec(), lambda context: time.sleep(0))
    (record,) = run_plan(make_plan([stage], workspace=root, run="toy"), on_event=events.append)
    assert events[0].kind == "notice"
    assert f"process {process.pid}" in events[0].text
    assert (record.folder / "who.txt").read_text() == "x"
    assert record.attempts == 2
