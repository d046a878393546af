"""Whoever does the work, and whoever dies over it, every item is done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

import labour
from clusters import dask_cluster
from separate_cli.errors import InputError, RemoteError, SepError, UsageError
from separate_cli.pipeline import executors
from separate_cli.pipeline.executors import spread
from separate_cli.pipeline.worker import sheltered


def test_this_process_alone_begins_an_item_when_the_one_before_is_taken() -> None:
    drawn: list[int] = []
    results = spread(labour.where, (drawn.append(i) or i for i in range(5)), executor="local:1")
    assert next(results) == (0, (0, os.getpid())) and drawn == [0]
    assert [item for item, _ in results] == [1, 2, 3, 4]


def test_processes_do_every_item_once_and_draw_only_a_few_ahead() -> None:
    drawn: list[int] = []
    with ExitStack() as stack:
        results = spread(labour.where, (drawn.append(i) or i for i in range(40)), executor="local:2")
        stack.callback(results.close)  # type: ignore[attr-defined]
        done = [next(results)]
        assert len(drawn) <= 8
        done += results
    assert sorted(item for item, _ in done) == list(range(40))
    assert all(result[0] == item for item, result in done)  # type: ignore[index]
    assert os.getpid() not in {result[1] for _, result in done}  # type: ignore[index]


def test_a_worker_that_dies_costs_nothing_but_time(tmp_path: Path) -> None:
    results = dict(spread(labour.die_once, [(i, tmp_path) for i in range(12)], executor="local:2"))
    assert {item[0]: result for item, result in results.items()} == {i: i * i for i in range(12)}
    assert (tmp_path / "dead").exists()


def test_an_item_that_kills_every_worker_ends_the_work_with_its_name() -> None:
    with pytest.raises(SepError, match=r"die again and again, while they are at work on \d") as caught:
        list(spread(labour.die, range(6), executor="local:2"))
    assert "--workers 1" in caught.value.hint


@pytest.mark.parametrize("executor", ["local:1", "local:2"])
def test_what_the_user_can_mend_is_a_result_and_the_rest_goes_on(executor: str) -> None:
    results = dict(spread(labour.refuse_odd, range(4), executor=executor))
    assert results[0] == 0 and results[2] == 2
    assert isinstance(results[3], InputError) and results[3].hint == "Use even ones."


def test_a_programmers_mistake_is_raised() -> None:
    with pytest.raises(TypeError):
        list(spread(abs, ["text"], executor="local:1"))  # type: ignore[list-item]


@pytest.mark.parametrize("name", ["local:0", "local:x", "dask", "dask:", "slurm", ""])
def test_an_unknown_executor_names_the_known_ones(name: str) -> None:
    with pytest.raises(UsageError, match="There is no executor") as caught:
        list(spread(abs, [1], executor=name))
    assert "--shard" in caught.value.hint


def test_dask_goes_on_when_one_of_two_workers_is_killed(tmp_path: Path) -> None:
    with dask_cluster(tmp_path, workers=2) as (address, workers):
        done: dict[int, int] = {}
        pids: set[int] = set()
        for item, (result, pid) in spread(labour.slow_square, range(60), executor=f"dask:{address}"):  # type: ignore[misc]
            done[item] = result
            pids.add(pid)
            if len(pids) == 2:
                workers[0].kill()
        assert done == {i: i * i for i in range(60)}
        assert pids == {worker.pid for worker in workers}


def test_a_cluster_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executors, "_DASK_SECONDS", 0.2)
    with pytest.raises(RemoteError, match=r"no Dask scheduler at tcp://127\.0\.0\.1:9"):
        list(spread(abs, [1], executor="dask:tcp://127.0.0.1:9"))


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="Windows has no SIGUSR1")
def test_slurms_warning_to_all_processes_reaches_only_this_one() -> None:
    results = list(spread(signal.raise_signal, [signal.SIGUSR1] * 4, executor="local:2"))
    assert results == [(signal.SIGUSR1, None)] * 4

    came: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, frame: came.append(number))
    try:
        with sheltered():
            signal.raise_signal(signal.SIGUSR1)
            assert came == []
            code = "import signal; signal.raise_signal(signal.SIGUSR1); print('alive')"
            done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, "alive\n")
        assert came == [signal.SIGUSR1]
    finally:
        signal.signal(signal.SIGUSR1, before)
