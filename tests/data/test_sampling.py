"""Batches are a pure function of seed, epoch and position."""

from __future__ import annotations

import pytest

from separate_cli.data.sampling import EpochBatches, example_rng


def batches(epoch: int, start: int = 0, **options: object) -> list[list[tuple[int, int]]]:
    sampler = EpochBatches(23, 4, **{"seed": 7, **options})  # type: ignore[arg-type]
    sampler.epoch, sampler.start = epoch, start
    assert len(sampler) == len(list(sampler))
    return [[tuple(draw) for draw in batch] for batch in sampler]


def test_an_epoch_visits_each_example_at_most_once_and_names_the_epoch() -> None:
    drawn = [draw for batch in batches(3) for draw in batch]
    assert len(drawn) == 20 == len(set(drawn))
    assert {epoch for epoch, _ in drawn} == {3}


def test_epochs_and_seeds_differ() -> None:
    assert batches(0) != [[(0, example) for _, example in batch] for batch in batches(1)]
    assert batches(0) != batches(0, seed=8)


@pytest.mark.parametrize("start", [0, 1, 4, 5])
def test_starting_in_the_middle_gives_the_rest_of_the_same_epoch(start: int) -> None:
    assert batches(2, start=start) == batches(2)[start:]


def test_the_incomplete_batch_is_kept_on_request() -> None:
    assert [len(batch) for batch in batches(0, drop_last=False)] == [4, 4, 4, 4, 4, 3]


def test_a_set_smaller_than_a_batch_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 8 examples"):
        EpochBatches(5, 8, seed=0)


def test_generators_of_neighbouring_examples_are_unrelated() -> None:
    firsts = {example_rng(0, epoch, example).random() for epoch in range(20) for example in range(20)}
    firsts |= {example_rng(0, epoch).random() for epoch in range(20)}
    assert len(firsts) == 420
