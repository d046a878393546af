from __future__ import annotations

import os
from pathlib import Path

import pytest

from separate_cli.errors import OutputError
from separate_cli.pipeline import store
from separate_cli.pipeline.hashes import HashCache
from separate_cli.pipeline.record import Attempt
from separate_cli.pipeline.store import Slot, collect, recover, work_folder


@pytest.fixture
def slot(tmp_path: Path) -> Slot:
    return Slot(tmp_path / "exp" / "run" / "train", "0123456789abcdef" * 4)


def attempt(slot: Slot, mode: str = "run") -> Attempt:
    return Attempt(stage="train", version=1, key=slot.key, spec={}, allowance={}, inputs={}, mode=mode, started=1.0)


def test_folder_names_are_the_first_16_digits_of_the_key(slot: Slot) -> None:
    assert slot.finished.name == "0123456789abcdef"
    assert slot.part.name == "0123456789abcdef.part"


def test_unfinished_work_of_another_key_with_the_same_16_digits_is_not_continued(slot: Slot) -> None:
    other = Slot(slot.parent, slot.key[:16] + "f" * 48)
    _, folder = work_folder(other, attempt(other))
    (folder / "foreign.txt").write_text("")
    begun, folder = work_folder(slot, attempt(slot))
    assert begun.attempts == 1
    assert [path.name for path in folder.iterdir()] == ["attempt.json"]


def test_killed_redo_that_is_continued_stays_a_redo(slot: Slot) -> None:
    work_folder(slot, attempt(slot, "redo"))
    continued, _ = work_folder(slot, attempt(slot, "run"))
    assert (continued.mode, continued.attempts) == ("redo", 2)


def test_old_result_comes_back_when_its_successor_is_lost(slot: Slot) -> None:
    slot.old.mkdir(parents=True)
    (slot.old / "model.bin").write_text("precious")
    slot.seed.mkdir()
    with HashCache() as hashes:
        recover(slot, hashes)
    assert (slot.finished / "model.bin").read_text() == "precious"
    assert slot.is_tidy


def test_rename_that_is_refused_for_a_moment_is_tried_again_where_scanners_hold_files(
    slot: Slot, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = iter([PermissionError(13, "in use"), PermissionError(13, "in use")])
    real = os.rename

    def rename(source: Path, target: Path) -> None:
        for refusal in refusals:
            raise refusal
        real(source, target)

    monkeypatch.setattr(store, "_RENAME_SECONDS", 10.0)
    monkeypatch.setattr(store.os, "rename", rename)
    _, folder = work_folder(slot, attempt(slot))
    assert folder == slot.part
    assert next(refusals, None) is None


def test_rename_that_stays_refused_is_an_output_error(slot: Slot, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise PermissionError(13, "in use")

    monkeypatch.setattr(store, "_RENAME_SECONDS", 0.0)
    monkeypatch.setattr(store.os, "rename", refuse)
    with pytest.raises(OutputError, match="not writable"):
        work_folder(slot, attempt(slot))


def test_outputs_are_named_with_slashes_and_without_the_books(slot: Slot) -> None:
    _, folder = work_folder(slot, attempt(slot))
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "b" / "c.txt").write_text("abc")
    with HashCache() as hashes:
        (output,) = collect(folder, hashes).items()
    assert output[0] == "a/b/c.txt"
    assert output[1].bytes == 3
