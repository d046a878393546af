"""Many items made by many workers, each whole or not at all, each only once, whatever is killed and whoever helps.

    items --what is not in the journal yet--> pipeline.spread(work) --> files in the folder, then a line in the journal
          --when all are done--> their rows, in the order of the items

An item counts as done when the journal says so and its files are there with their sizes. Rows and files depend on the
item alone, so that the result has the same bytes for any number of workers, members of a job array, and interruptions.

Checked: tests/data/test_making.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from separate_cli.data.journal import Journal
from separate_cli.errors import InputError, OutputError, SepError
from separate_cli.files import check_space
from separate_cli.pipeline.executors import spread
from separate_cli.pipeline.record import JOURNAL
from separate_cli.pipeline.stage import StageContext

__all__ = ["Made", "make_all"]

T = TypeVar("T")

_MOST_FAULTS = 20


@dataclass(frozen=True)
class Made:
    """What has become of an item.

    Args:
        row: What there is to say about it; plain JSON.
        files: What was written for it, relative to the folder, with ``/``.
    """

    row: Any
    files: tuple[str, ...] = ()


def make_all(
    items: Mapping[str, T],
    work: Callable[[T, Path], Made],
    context: StageContext,
    *,
    executor: str,
    unit: str = "mixtures",
    bytes_each: float = 0.0,
) -> dict[str, Any] | None:
    """Make every item, going on where an earlier attempt was.

    Args:
        items: Key → description; both can be pickled.
        work: Makes an item below a folder, the same files and row wherever it runs. Can be pickled.
        context: Where to, for which member of a job array, and what other members have made.
        executor: Who does it, see ``pipeline.executors``.
        unit: What an item is, for messages.
        bytes_each: About how many bytes an item takes on the disk.

    Returns:
        Key → row, in the order of ``items``; None for a member of a job array, who sees only a share.

    Raises:
        InputError: If items cannot be made because of what they are made of; the others are done.
        OutputError: If they cannot be written, or would not fit on the disk.
    """
    share = dict(context.shard.share(items.items())) if context.shard else dict(items)
    with Journal(context.folder / JOURNAL) as journal:
        for folder in context.shards:
            _take_over(folder, context.folder, items, journal)
        done = {key for key in share if key in journal.done and _is_there(context.folder, journal.done[key][1])}
        todo = {key: item for key, item in share.items() if key not in done}
        check_space(context.folder, bytes_each * len(todo), what=f"{len(todo)} {unit}")
        faults: list[InputError] = []
        with context.progress.task(f"Making {unit}", total=len(share), unit=unit) as task:
            task.advance(len(done))
            for (key, _), outcome in spread(partial(_work, work, context.folder), todo.items(), executor=executor):
                if isinstance(outcome, SepError):
                    _note(outcome, faults)
                else:
                    journal.add(key, outcome)
                task.advance()
        if faults:
            raise _summary(faults, len(share), unit)
        return None if context.shard else {key: journal.done[key][0] for key in items}


def _work(work: Callable[[T, Path], Made], folder: Path, keyed: tuple[str, T]) -> tuple[Any, dict[str, int]]:
    """Runs in a worker: the row, and the sizes of the files."""
    made = work(keyed[1], folder)
    return made.row, {name: (folder / name).stat().st_size for name in made.files}


def _is_there(folder: Path, sizes: Mapping[str, int]) -> bool:
    try:
        return all((folder / name).stat().st_size == size for name, size in sizes.items())
    except OSError:
        return False


def _take_over(source: Path, target: Path, items: Mapping[str, Any], journal: Journal) -> None:
    """Move what a member of a job array has made to where it belongs."""
    if not (source / JOURNAL).exists():
        return
    with Journal(source / JOURNAL) as theirs:
        for key, (row, sizes) in theirs.done.items():
            if key not in items or key in journal.done:
                continue
            for name in sizes:
                if (source / name).exists():
                    (target / name).parent.mkdir(parents=True, exist_ok=True)
                    (source / name).replace(target / name)
            if _is_there(target, sizes):
                journal.add(key, (row, sizes))


def _note(outcome: SepError, faults: list[InputError]) -> None:
    """Keep what is the fault of one item; what stops all of them is raised."""
    if not isinstance(outcome, InputError) or isinstance(outcome, OutputError):
        raise outcome
    faults.append(outcome)
    if len(faults) == _MOST_FAULTS:
        raise InputError(f"{len(faults)} failed, the first one: {faults[0].message}", hint=faults[0].hint)


def _summary(faults: list[InputError], total: int, unit: str) -> InputError:
    return InputError(
        f"{len(faults)} of {total} {unit} cannot be made, the first one: {faults[0].message}",
        hint=f"{faults[0].hint} The others are done; the same command goes on.".strip(),
    )
