"""Members of a job array share a stage out; the last one makes the same result as one process alone."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from types import ModuleType

import pytest

from separate_cli.errors import UsageError
from separate_cli.files import write_text
from separate_cli.pipeline.plan import make_plan
from separate_cli.pipeline.runner import run_plan, run_shard
from separate_cli.pipeline.shards import Shard
from separate_cli.pipeline.stage import Stage, StageContext
from separate_cli.specs.base import Spec


class Letters(Spec):
    letters: str = "abcdefg"


class PowerCutError(Exception):
    """Ends a member in the middle."""


def spell(spec: Letters, cut: str, context: StageContext) -> None:
    """A file a letter, then one that says what there is. Members leave the last step to whoever finishes."""
    for folder in context.shards:
        for path in folder.glob("*.txt"):
            path.replace(context.folder / path.name)
    for letter in context.shard.share(spec.letters) if context.shard else spec.letters:
        if letter == cut:
            raise PowerCutError
        if not (context.folder / f"{letter}.txt").exists():
            write_text(context.folder / f"{letter}.txt", f"{letter} by {context.shard}")
    if context.shard is None:
        write_text(context.folder / "all.csv", "".join(sorted(path.stem for path in context.folder.glob("*.txt"))))


def plan(root: Path, cut: str = ""):
    spec = Letters()
    return make_plan([Stage("spell", 1, spec, partial(spell, spec, cut))], workspace=root, run="toy")


def test_every_item_is_of_one_member() -> None:
    shares = [list(Shard(index, 3).share(range(10))) for index in (1, 2, 3)]
    assert sorted(item for share in shares for item in share) == list(range(10))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "1/0", "a/b", "-1/2"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="such as 2/8"):
        Shard.parse(text)


def test_the_last_member_finishes_the_stage_with_what_all_have_made(toys: ModuleType, tmp_path: Path) -> None:
    assert run_shard(plan(tmp_path), Shard.parse("3/3")) == ()
    assert run_shard(plan(tmp_path), Shard(1, 3)) == ()
    assert run_shard(plan(tmp_path), Shard(1, 3)) == ()  # once more is no work
    (record,) = run_shard(plan(tmp_path), Shard(2, 3))
    assert (record.folder / "all.csv").read_text() == "abcdefg"
    assert [(record.folder / f"{letter}.txt").read_text()[-6:] for letter in "abc"] == ["1-of-3", "2-of-3", "3-of-3"]
    assert not toys.leftovers(tmp_path) and not list(tmp_path.rglob("*.shards"))
    assert run_shard(plan(tmp_path), Shard(1, 3))[0].ran is False


def test_a_call_without_a_shard_takes_over_what_members_have_made(tmp_path: Path) -> None:
    run_shard(plan(tmp_path), Shard(2, 2))
    with pytest.raises(PowerCutError):
        run_shard(plan(tmp_path, cut="e"), Shard(1, 2))
    (record,) = run_plan(plan(tmp_path))
    kept = {letter: (record.folder / f"{letter}.txt").read_text().split()[-1] for letter in "abcdefg"}
    assert kept == {**dict.fromkeys("bdf", "2-of-2"), **dict.fromkeys("ac", "1-of-2"), **dict.fromkeys("eg", "None")}
    assert not list(tmp_path.rglob("*.shards"))
