from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType

import numpy as np
import pytest
import torch

from separate_cli.metrics import Metric, MetricResult, Utterance, evaluate_many
from separate_cli.progress import ProgressTask

RNG = np.random.default_rng(0)
CLEAN = RNG.standard_normal((6, 2, 500))


def utterances(count: int = 6) -> list[Utterance]:
    """The i-th has an SNR of 20 i dB."""
    return [Utterance(f"u{i}", CLEAN[i] * (1 + 10.0**-i), CLEAN[i], 8000, CLEAN[i].sum(0)) for i in range(count)]


OWN_FAMILIES = """
import os
import numpy as np
from separate_cli.metrics.waves import Outcome

def mine(trial):
    return {"mine": Outcome(np.full(len(trial.pairs), float(trial.sample_rate)))}

def deadly(trial):
    if trial.sample_rate == 11:
        os._exit(9)  # as a crash of a C library would
    return {"deadly": Outcome(np.ones(len(trial.pairs)))}
"""


@pytest.fixture(scope="module")
def families(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """Metric families in a file that worker processes can import too."""
    folder = tmp_path_factory.mktemp("families")
    (folder / "own_families.py").write_text(OWN_FAMILIES, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield import_module("own_families")


class Counting:
    def __init__(self) -> None:
        self.total: float | None = None
        self.done = 0.0

    @contextmanager
    def task(self, description: str, *, total: float | None = None, unit: str = "") -> Iterator[ProgressTask]:
        self.total = total
        yield self

    def advance(self, amount: float = 1.0) -> None:
        self.done += amount

    def describe(self, text: str) -> None:
        raise AssertionError("not expected")


@pytest.fixture(scope="module")
def parallel(families: ModuleType) -> dict[str, MetricResult]:
    """One batch in two processes: good utterances, one with tensors, one too short, one that is no audio at all."""
    bad = [
        Utterance("short", CLEAN[1][:, :7], CLEAN[1], 8000),
        Utterance("words", ["no", "numbers"], CLEAN[1], 8000),  # type: ignore[list-item]  # that is the point
        Utterance("tensor", torch.from_numpy(CLEAN[2] * 1.01), torch.from_numpy(CLEAN[2]), 8000),
    ]
    items = [*utterances(2), *bad, *utterances()[2:]]
    found = evaluate_many(items, metrics=["snr", "si_sdr", Metric("mine", families.mine)], workers=2)
    ordered = list(found)
    assert [key for key, _ in ordered] == [item.key for item in items]
    return dict(ordered)


def test_two_processes_give_what_one_gives_in_order(parallel: dict[str, MetricResult]) -> None:
    progress = Counting()
    serial = dict(evaluate_many(utterances(), metrics=["snr", "si_sdr"], workers=1, progress=progress))
    assert list(serial) == [f"u{i}" for i in range(6)]
    assert (progress.total, progress.done) == (6, 6)
    for index, (key, result) in enumerate(serial.items()):
        assert result.as_row()["snr"] == pytest.approx(20 * index, abs=1e-6)
        assert parallel[key]["si_sdr"].improvement == pytest.approx(result["si_sdr"].improvement, rel=1e-9)


def test_one_bad_utterance_costs_itself_alone(parallel: dict[str, MetricResult]) -> None:
    assert "got (7,)" in parallel["short"].reasons["snr"]
    assert "real numbers in estimates" in parallel["words"].reasons["si_sdr"]
    assert {key for key, result in parallel.items() if result.reasons} == {"short", "words"}
    items = [Utterance("short", CLEAN[1][:, :7], CLEAN[1], 8000), utterances(1)[0]]
    (_, short), (_, good) = evaluate_many(items, metrics=["snr"], workers=1)
    assert "got (7,)" in short.reasons["snr"]
    assert not good.reasons
    with pytest.raises(ValueError, match=r"got \(7,\)"):
        list(evaluate_many(items, metrics=["snr"], workers=1, errors="raise"))


def test_tensors_are_scored_as_arrays_are(parallel: dict[str, MetricResult]) -> None:
    assert parallel["tensor"]["snr"].output == pytest.approx(parallel["u2"]["snr"].output)


def test_a_family_of_ones_own_travels_to_the_workers(parallel: dict[str, MetricResult]) -> None:
    np.testing.assert_array_equal(parallel["u3"]["mine"].output, [8000, 8000])


def test_a_dying_worker_costs_the_utterance_that_killed_it_alone(families: ModuleType) -> None:
    items = [Utterance("killer", CLEAN[1], CLEAN[1], 11), *utterances(2)]
    found = dict(evaluate_many(items, metrics=[Metric("deadly", families.deadly), "snr"], workers=2))
    assert list(found) == ["killer", "u0", "u1"]
    assert "worker process died" in found["killer"].reasons["deadly"]
    assert [key for key, result in found.items() if result.reasons] == ["killer"]
    assert found["u1"].as_row()["deadly"] == 1


def test_a_generator_is_drawn_only_as_far_as_it_is_scored() -> None:
    drawn = []

    def source() -> Iterator[Utterance]:
        for item in utterances():
            drawn.append(item.key)
            yield item

    results = evaluate_many(source(), metrics=["snr"], workers=1)
    next(results)
    assert drawn == ["u0"]


def test_what_was_asked_for_is_checked_before_anything_runs() -> None:
    with pytest.raises(ValueError, match="Unknown metric"):
        evaluate_many([], metrics=["nope"])
    with pytest.raises(ValueError, match="at least one worker"):
        evaluate_many([], metrics=["snr"], workers=0)
