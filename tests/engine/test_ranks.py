"""Who is who: what torchrun and SLURM say, and how followers are called."""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from separate_cli.engine.launching import free_port
from separate_cli.engine.ranks import ALONE, Ranks
from separate_cli.engine.requeue import requeue, requeue_signals
from separate_cli.errors import UsageError

SLURM = {
    "SLURM_JOB_ID": "4711",
    "SLURM_STEP_ID": "2",
    "SLURM_PROCID": "3",
    "SLURM_LOCALID": "1",
    "SLURM_STEP_NUM_TASKS": "4",
    "SLURM_STEP_TASKS_PER_NODE": "2(x2)",
    "SLURM_STEP_NODELIST": "gpu[07-08]",
}


def test_a_process_that_nobody_has_placed_is_alone() -> None:
    assert Ranks.of({}) == ALONE
    assert ALONE.is_leader and ALONE.is_alone and ALONE.nodes == 1


def test_torchruns_words_are_understood() -> None:
    found = Ranks.of(
        {
            "RANK": "5", "WORLD_SIZE": "8", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "4", "MASTER_ADDR": "node1",
            "MASTER_PORT": "29500", "TORCHELASTIC_USE_AGENT_STORE": "True", "TORCHELASTIC_RESTART_COUNT": "2",
        }
    )  # fmt: skip
    assert (found.rank, found.size, found.local_rank, found.nodes) == (5, 8, 1, 2)
    assert (found.address, found.port, found.is_served, found.attempt) == ("node1", 29500, True, "2")
    assert not found.is_leader


def test_slurms_words_are_understood() -> None:
    found = Ranks.of(SLURM)
    assert (found.rank, found.size, found.local_rank, found.local_size, found.nodes) == (3, 4, 1, 2, 2)
    assert found.address == "gpu07"
    assert found.port == Ranks.of({**SLURM, "SLURM_PROCID": "0", "SLURM_LOCALID": "0"}).port != 0


@pytest.mark.parametrize(
    ("nodes", "first"),
    [("one", "one"), ("a1,a2", "a1"), ("rack[3,5-9]", "rack3"), ("n[001-128]-ib,m2", "n001-ib"), ("x,y[1-2]", "x")],
)
def test_the_first_node_leads(nodes: str, first: str) -> None:
    assert Ranks.of({**SLURM, "SLURM_STEP_NODELIST": nodes}).address == first


def test_a_batch_script_without_srun_is_alone() -> None:
    assert Ranks.of({"SLURM_JOB_ID": "1", "SLURM_PROCID": "0", "SLURM_NTASKS": "4"}) == ALONE


def test_uneven_nodes_are_refused() -> None:
    with pytest.raises(UsageError, match="unevenly over the nodes: 3, 1"):
        Ranks.of({**SLURM, "SLURM_STEP_TASKS_PER_NODE": "3,1"})


def test_what_is_passed_to_a_started_process_is_read_back() -> None:
    place = Ranks(rank=1, size=3, local_rank=1, local_size=3, port=12345)
    assert Ranks.of(place.environment()) == place


def test_followers_get_every_call_and_end_when_dismissed() -> None:
    leader = Ranks(size=2, local_size=2, port=free_port())
    heard = []

    def follow() -> None:
        for ranks, message in replace(leader, rank=1, local_rank=1).calls():
            heard.append((ranks.call, message))
            ranks.report({"type": "InputError", "message": f"lost {message['folder']}", "hint": ""})

    follower = threading.Thread(target=follow)
    follower.start()
    for folder in ("a", "b"):
        taking_part = leader.summon({"folder": folder})
        assert taking_part.reported()["message"] == f"lost {folder}"
    leader.dismiss()
    follower.join(timeout=20)
    assert heard == [(1, {"folder": "a"}), (2, {"folder": "b"})]
    assert not follower.is_alive()


def test_a_follower_that_says_nothing_is_not_waited_for_long(capfd: pytest.CaptureFixture[str]) -> None:
    taking_part = Ranks(size=2, local_size=2, port=free_port()).summon({"folder": "a"})
    assert taking_part.reported() == {}
    assert not capfd.readouterr().err


def test_alone_nobody_is_dismissed_or_asked() -> None:
    ALONE.dismiss()
    assert ALONE.highest(3) == 3


def test_slurm_is_asked_to_queue_the_job_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "scontrol"
    program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\nexit $SCONTROL_ANSWERS\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    for name, value in {"SLURM_JOB_ID": "12", "SLURM_ARRAY_JOB_ID": "10", "SLURM_ARRAY_TASK_ID": "2"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SCONTROL_ANSWERS", "0")
    assert "queued job 10_2 again" in requeue()
    assert (tmp_path / "asked").read_text() == "requeue 10_2\n"
    monkeypatch.setenv("SCONTROL_ANSWERS", "1")
    assert "submit it again" in requeue()
    program.unlink()
    assert "could not be queued again" in requeue()


def test_the_signal_to_queue_again_counts_only_in_a_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    assert requeue_signals() == ()
    monkeypatch.setenv("SLURM_JOB_ID", "12")
    assert requeue_signals() == (signal.SIGUSR1,)
