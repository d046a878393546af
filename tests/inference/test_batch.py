"""Done means done by content; sep replaces its own files and nobody else's; one failure stops nothing."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from separate_cli.audio.reader import read_audio
from separate_cli.audio.writer import write_audio
from separate_cli.errors import InputError
from separate_cli.files import hash_file
from separate_cli.inference.batch import Batch, Job, Outcome
from separate_cli.inference.discover import find
from separate_cli.inference.engine import Separated


def halve(job: Job, before_rename: Callable[[Separated], None]) -> Separated:
    """What the engine does, without an engine: the recording at half its level, in every output."""
    wave, rate = read_audio(job.source)
    temporary = [path.with_name(path.name + ".part") for path in job.targets]
    for path, target in zip(temporary, job.targets, strict=True):
        target.parent.mkdir(parents=True, exist_ok=True)
        write_audio(target, wave / 2, rate)
        target.rename(path)
    done = Separated(
        wave.shape[1] / rate, rate, rate, len(wave), 0.5, 1.0, tuple(hash_file(path) for path in temporary)
    )
    before_rename(done)
    for path, target in zip(temporary, job.targets, strict=True):
        path.replace(target)
    return done


def run(
    *arguments: str,
    output: str | None = None,
    model: str = "m1",
    settings: str = "s1",
    tags: tuple[str, ...] = ("enhanced",),
    overwrite: bool = False,
    dry_run: bool = False,
    separate=halve,
) -> list[Outcome]:
    folder = Path(output) if output else None
    recordings, wrong = find(arguments, output=folder)
    assert not wrong
    batch = Batch(recordings, tags, model_hash=model, settings_hash=settings, output=folder, overwrite=overwrite)
    return list(batch.run(separate, dry_run=dry_run))


def status(outcomes: list[Outcome]) -> dict[str, str]:
    return {Path(outcome.source).as_posix(): outcome.status for outcome in outcomes}


@pytest.fixture
def talks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for seed, name in enumerate(["talks/a.wav", "talks/x/b.wav"]):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(name, np.random.default_rng(seed).uniform(-0.1, 0.1, 500), 8000)
    return tmp_path


def test_a_second_run_over_a_folder_does_nothing_and_leaves_its_own_outputs_alone(talks: Path) -> None:
    assert status(run("talks")) == {"talks/a.wav": "done", "talks/x/b.wav": "done"}
    before = {path: path.stat().st_mtime_ns for path in talks.rglob("*.wav")}
    assert len(before) == 4
    assert status(run("talks")) == {"talks/a.wav": "up to date", "talks/x/b.wav": "up to date"}
    assert {path: path.stat().st_mtime_ns for path in talks.rglob("*.wav")} == before


def test_a_mirrored_folder_inside_the_searched_one_is_left_alone(talks: Path) -> None:
    for wanted in ("done", "up to date"):
        assert status(run("talks", output="talks/out")) == {"talks/a.wav": wanted, "talks/x/b.wav": wanted}
    assert (talks / "talks" / "out" / "x" / "b_enhanced.wav").exists()


def test_what_has_changed_is_redone_and_the_reason_told(talks: Path) -> None:
    run("talks/a.wav")
    assert [(o.status, o.why) for o in run("talks/a.wav", model="m2")] == [("done", "another model")]
    assert [o.why for o in run("talks/a.wav", model="m2", settings="s2")] == ["other settings"]
    soundfile.write("talks/a.wav", np.full(300, 0.1), 8000)
    assert [o.why for o in run("talks/a.wav", model="m2", settings="s2")] == ["the recording has changed"]
    assert soundfile.info("talks/a_enhanced.wav").frames == 300


def test_going_back_to_an_earlier_model_is_not_mistaken_for_done(talks: Path) -> None:
    def louder(job: Job, before_rename: Callable[[Separated], None]) -> Separated:
        soundfile.write(job.source, np.full(300, 0.1), 8000)
        return halve(job, before_rename)

    run("talks/a.wav", model="m1")
    run("talks/a.wav", model="m2", separate=louder)
    assert [o.status for o in run("talks/a.wav", model="m2")] == ["done"]  # its input is not what it was


def test_a_missing_or_touched_output_is_redone_or_protected(talks: Path) -> None:
    run("talks/a.wav", tags=("est1", "est2"))
    Path("talks/a_est2.wav").unlink()
    assert [(o.status, o.why) for o in run("talks/a.wav", tags=("est1", "est2"))] == [("done", "an output is missing")]
    Path("talks/a_est2.wav").write_bytes(b"edited by hand")
    assert [o.status for o in run("talks/a.wav", tags=("est1", "est2"))] == ["failed"]
    assert Path("talks/a_est2.wav").read_bytes() == b"edited by hand"


def test_a_file_of_the_users_is_replaced_only_when_told(talks: Path) -> None:
    Path("talks/x/b_enhanced.wav").write_bytes(b"precious")
    [outcome] = run("talks/x/b.wav")
    assert outcome.status == "failed"
    assert outcome.error is not None
    assert "--overwrite" in outcome.error.hint
    assert Path("talks/x/b_enhanced.wav").read_bytes() == b"precious"
    assert status(run("talks/x/b.wav", overwrite=True)) == {"talks/x/b.wav": "done"}


def test_a_result_of_another_recording_is_not_replaced(talks: Path) -> None:
    Path("other").mkdir()
    soundfile.write("other/a.wav", np.zeros(100), 8000)
    run("talks/a.wav", output="out")
    [outcome] = run("other/a.wav", output="out")
    assert outcome.error is not None
    assert "talks/a.wav" in outcome.error.message


def test_the_folder_may_move_with_its_results(talks: Path) -> None:
    run("talks")
    Path("talks").rename("speeches")
    assert set(status(run("speeches")).values()) == {"up to date"}


def test_names_without_a_journal_are_recognised_beside_their_recording(talks: Path) -> None:
    run("talks")
    for journal in talks.rglob(".sep-infer.jsonl"):
        journal.unlink()
    assert status(run("talks", overwrite=True)) == {"talks/a.wav": "done", "talks/x/b.wav": "done"}


def test_shell_patterns_leave_own_outputs_out_but_one_named_alone_is_meant(talks: Path) -> None:
    run("talks/a.wav")
    both = ("talks/a.wav", "talks/a_enhanced.wav")
    assert status(run(*both, tags=("est1", "est2"), model="m2")) == {"talks/a.wav": "done"}
    assert status(run("talks/a_enhanced.wav", tags=("est1", "est2"), model="m2")) == {"talks/a_enhanced.wav": "done"}


def test_killed_before_the_rename_the_next_run_just_goes_on(talks: Path) -> None:
    class Killed(BaseException):
        pass

    def kill(job: Job, before_rename: Callable[[Separated], None]) -> Separated:
        def stop(done: Separated) -> None:
            before_rename(done)
            raise Killed

        return halve(job, stop)

    run("talks/a.wav", model="m1")
    with pytest.raises(Killed):
        run("talks/a.wav", model="m2", separate=kill)
    assert status(run("talks/a.wav", model="m2", settings="s2")) == {"talks/a.wav": "done"}


def test_a_dry_run_tells_and_touches_nothing(talks: Path) -> None:
    assert status(run("talks", dry_run=True)) == {"talks/a.wav": "planned", "talks/x/b.wav": "planned"}
    assert len(list(talks.rglob("*.*"))) == 2


def test_one_failure_never_stops_the_others(talks: Path) -> None:
    def sometimes(job: Job, before_rename: Callable[[Separated], None]) -> Separated:
        if job.source.name == "a.wav":
            raise InputError("broken", hint="mend it")
        return halve(job, before_rename)

    assert status(run("talks", separate=sometimes)) == {"talks/a.wav": "failed", "talks/x/b.wav": "done"}


def test_trouble_with_the_disk_is_a_failure_like_any_other(talks: Path) -> None:
    def full(job: Job, before_rename: Callable[[Separated], None]) -> Separated:
        raise OSError(errno.ENOSPC, "No space left on device")

    outcomes = run("talks", separate=full)
    assert [outcome.status for outcome in outcomes] == ["failed", "failed"]
    assert all("disk is full" in outcome.why for outcome in outcomes)


def test_a_recording_that_is_called_like_an_output_is_neither_separated_nor_replaced(talks: Path) -> None:
    Path("talks/x/b.wav").rename("talks/a_est1.wav")  # the user's own, made by nobody
    assert status(run("talks", tags=("est1",))) == {"talks/a.wav": "failed"}
    assert soundfile.info("talks/a_est1.wav").frames == 500
