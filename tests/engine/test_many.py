"""Two processes learn what one does, and go on where they were killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from separate_cli.data.sampling import EpochBatches
from separate_cli.engine.cluster import STRATEGIES, many_devices
from separate_cli.engine.loading import Share, ValidationShare
from separate_cli.engine.ranks import ALONE, Ranks
from separate_cli.errors import UsageError


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What ``many.py`` says, in a process of its own: it forks, which a process with many threads should not."""
    script = Path(__file__).with_name("many.py")
    folder = tmp_path_factory.mktemp("many")
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, script, folder], capture_output=True, text=True, check=False, env=environment, cwd=folder
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def flat(end: dict[str, Any]) -> list[float]:
    return [number for values in end["weights"].values() for number in values]


def test_two_processes_end_as_one_with_the_same_global_batch(report: dict[str, Any]) -> None:
    assert report["ends"] == [[0], [0, 0], [0, 0]]
    one, two = report["one"], report["two"]
    assert flat(two) == pytest.approx(flat(one), rel=1e-4, abs=1e-6)
    assert two["loss"] == pytest.approx(one["loss"], rel=1e-5)
    assert len(two["curves"]) == 3
    for row, expected in zip(two["curves"], one["curves"], strict=True):
        assert row == pytest.approx(expected, rel=1e-5)


def test_killed_and_resumed_two_processes_end_as_undisturbed_ones_to_the_bit(report: dict[str, Any]) -> None:
    assert [death[0] for death in report["deaths"]] == [-9] * 3
    assert all(death[1] != 0 for death in report["deaths"])  # the other one ends, too
    assert report["killed"] == report["two"]


def test_lightning_alone_may_share_a_system_between_devices(report: dict[str, Any]) -> None:
    two, one = report["plain"]
    assert two == pytest.approx(one, rel=1e-5)


@pytest.mark.parametrize("size", [1, 2, 4])
def test_shares_are_the_batches_without_duplicates(size: int) -> None:
    whole = EpochBatches(30, 8, seed=3)
    whole.epoch, whole.start = 2, 1
    shares = [list(Share(whole, Ranks(rank, size))) for rank in range(size)]
    assert {len(share) for share in shares} == {len(whole)} == {2}
    for number, batch in enumerate(whole):
        assert sorted(draw for share in shares for draw in share[number]) == sorted(batch)
        assert len({len(share[number]) for share in shares}) == 1


@pytest.mark.parametrize(
    ("examples", "batch", "size"), [(7, 4, 2), (5, 2, 2), (9, 3, 3), (3, 8, 2), (4, 1, 4), (1, 5, 1)]
)
def test_validation_shares_hold_every_example_once_in_as_many_batches(examples: int, batch: int, size: int) -> None:
    shares = [list(ValidationShare(examples, batch, Ranks(rank, size))) for rank in range(size)]
    assert len({len(share) for share in shares}) == 1
    assert all(len(one) >= 1 for share in shares for one in share)
    drawn = [draw.example for share in shares for one in share for draw in one]
    assert sorted(drawn) == list(range(examples))


def test_what_cannot_be_shared_is_refused() -> None:
    with pytest.raises(ValueError, match="multiple of the number of devices, 3, got 8"):
        Share(EpochBatches(30, 8, seed=0), Ranks(0, 3))
    with pytest.raises(ValueError, match="at least 4 examples"):
        ValidationShare(3, 8, Ranks(0, 4))


def test_strategies_that_split_the_weights_are_refused() -> None:
    with pytest.raises(UsageError, match="Unknown strategy 'fsdp'") as caught:
        many_devices(ALONE, "fsdp")
    assert "ddp_find_unused_parameters_true" in caught.value.hint
    assert not any(many_devices(ALONE, name) for name in STRATEGIES)
