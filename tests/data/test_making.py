"""Whatever is killed, and whoever helps, the same files come out, and nothing is made twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import labour
from separate_cli import files
from separate_cli.data.making import Made, make_all
from separate_cli.errors import InputError, OutputError
from separate_cli.pipeline.record import JOURNAL
from separate_cli.pipeline.shards import Shard
from separate_cli.pipeline.stage import StageContext
from separate_cli.progress import ProgressTask

ITEMS = {f"item{i}": i for i in range(9)}
ROWS = {key: {"square": i * i} for key, i in ITEMS.items()}


def content(folder: Path) -> dict[str, str]:
    return {p.relative_to(folder).as_posix(): p.read_text() for p in folder.rglob("*.txt")}


EXPECTED = {f"made/{i}.txt": str(i * i) for i in range(9)}


@pytest.mark.parametrize("executor", ["local:1", "local:2"])
def test_files_and_rows_do_not_depend_on_the_number_of_workers(tmp_path: Path, executor: str) -> None:
    rows = make_all(ITEMS, labour.write_square, StageContext(tmp_path, {}), executor=executor)
    assert rows == ROWS and list(rows) == list(ITEMS)
    assert content(tmp_path) == EXPECTED


def test_killed_after_any_item_the_next_call_makes_only_the_rest(tmp_path: Path) -> None:
    context, made = StageContext(tmp_path, {}), []

    def cut(item: int, folder: Path) -> Made:
        if len(made) in {2, 3, 7}:
            made.append(-1)
            raise KeyboardInterrupt
        made.append(item)
        return labour.write_square(item, folder)

    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            make_all(ITEMS, cut, context, executor="local:1")
    assert make_all(ITEMS, cut, context, executor="local:1") == ROWS
    assert sorted(item for item in made if item >= 0) == list(range(9))
    assert content(tmp_path) == EXPECTED


def test_an_item_whose_file_is_gone_or_shorter_is_made_again(tmp_path: Path) -> None:
    context = StageContext(tmp_path, {})
    make_all(ITEMS, labour.write_square, context, executor="local:1")
    (tmp_path / "made" / "3.txt").unlink()
    (tmp_path / "made" / "5.txt").write_text("")
    made = []
    make_all(ITEMS, lambda i, f: made.append(i) or labour.write_square(i, f), context, executor="local:1")
    assert made == [3, 5] and content(tmp_path) == EXPECTED


def test_a_line_that_a_kill_has_torn_costs_one_item(tmp_path: Path) -> None:
    context = StageContext(tmp_path, {})
    make_all(ITEMS, labour.write_square, context, executor="local:1")
    journal = tmp_path / JOURNAL
    journal.write_bytes(journal.read_bytes()[:-5])
    made = []
    make_all(ITEMS, lambda i, f: made.append(i) or labour.write_square(i, f), context, executor="local:1")
    assert made == [8]


def test_what_members_of_a_job_array_have_made_is_moved_not_made_again(tmp_path: Path) -> None:
    shares = tmp_path / "1-of-2", tmp_path / "2-of-2"
    for index, folder in enumerate(shares, start=1):
        context = StageContext(folder, {}, shard=Shard(index, 2))
        assert make_all(ITEMS, labour.write_square, context, executor="local:1") is None
    assert {len(content(folder)) for folder in shares} == {4, 5}
    merged = StageContext(tmp_path / "all", {}, shards=shares)
    assert make_all(ITEMS, labour.refuse, merged, executor="local:1") == ROWS
    assert content(tmp_path / "all") == EXPECTED and not content(shares[0])


def test_a_merge_that_was_killed_between_two_files_goes_on(tmp_path: Path) -> None:
    share = tmp_path / "1-of-1"
    make_all(ITEMS, labour.write_square, StageContext(share, {}, shard=Shard(1, 1)), executor="local:1")
    (tmp_path / "all" / "made").mkdir(parents=True)
    (share / "made" / "4.txt").rename(tmp_path / "all" / "made" / "4.txt")
    merged = StageContext(tmp_path / "all", {}, shards=(share,))
    assert make_all(ITEMS, labour.refuse, merged, executor="local:1") == ROWS


def test_one_bad_source_costs_its_own_item_only(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"4 of 9 mixtures cannot be made, the first one: 1 is odd") as caught:
        make_all(ITEMS, labour.write_even, StageContext(tmp_path, {}), executor="local:1")
    assert "The others are done" in caught.value.hint
    assert sorted(content(tmp_path)) == [f"made/{i}.txt" for i in (0, 2, 4, 6, 8)]


def test_what_does_not_fit_on_the_disk_is_not_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files.shutil, "disk_usage", lambda path: _Usage())
    with pytest.raises(OutputError, match=r"9 mixtures will take about 9\.0 GB; .* has 5\.0 GB left"):
        make_all(ITEMS, labour.write_square, StageContext(tmp_path, {}), executor="local:1", bytes_each=1e9)
    assert not content(tmp_path)


class _Usage:
    free = 5_000_000_000


class Counting:
    done = 0.0

    @contextmanager
    def task(self, description: str, *, total: float | None = None, unit: str = "") -> Iterator[ProgressTask]:
        self.total = total
        yield self

    def advance(self, amount: float = 1.0) -> None:
        self.done += amount

    def describe(self, text: str) -> None:
        """Nobody looks."""


def test_progress_counts_what_was_done_before(tmp_path: Path) -> None:
    make_all(dict(list(ITEMS.items())[:4]), labour.write_square, StageContext(tmp_path, {}), executor="local:1")
    progress = Counting()
    make_all(ITEMS, labour.write_square, StageContext(tmp_path, {}, progress), executor="local:1")
    assert (progress.total, progress.done) == (9, 9)
