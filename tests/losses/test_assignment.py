"""The search for the best assignment: Hungarian equals exhaustive, ties and shapes included."""

from __future__ import annotations

import itertools

import pytest
import torch

from separate_cli.losses.assignment import best_assignment, gather_pairs, injections


def costs(batch: int, estimates: int, references: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(batch, estimates, references, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("estimates", "references"), [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 6), (5, 3), (6, 1)])
def test_hungarian_equals_exhaustive(estimates: int, references: int) -> None:
    pairwise = costs(50, estimates, references)
    assert torch.equal(best_assignment(pairwise, exhaustive=False), best_assignment(pairwise, exhaustive=True))


def test_the_best_is_the_least_of_all_by_brute_force() -> None:
    pairwise = costs(20, 4, 3)
    found = gather_pairs(pairwise, best_assignment(pairwise)).sum(1)
    brute = torch.stack(
        [pairwise[:, order, range(3)].sum(1) for order in map(list, itertools.permutations(range(4), 3))]
    ).amin(0)
    assert torch.equal(found, brute)


def test_forbidden_pairs_may_be_infinite() -> None:
    pairwise = costs(4, 6, 6)
    pairwise[:, 2, :5] = torch.inf
    assert (best_assignment(pairwise)[:, 5] == 2).all()


def test_twenty_sources_and_half_precision() -> None:
    order = torch.randperm(20, generator=torch.Generator().manual_seed(3))
    pairwise = torch.ones(2, 20, 20, dtype=torch.bfloat16)
    pairwise[:, order, torch.arange(20)] = 0
    assert torch.equal(best_assignment(pairwise), order.expand(2, 20))


def test_injections_are_all_and_in_order() -> None:
    ways = injections(4, 2).tolist()
    assert ways == sorted(ways)
    assert len(ways) == 12


@pytest.mark.parametrize(
    ("pairwise", "words"),
    [
        (torch.zeros(2, 3), r"\(batch, estimate, reference\), est >= ref, got \(2, 3\)"),
        (torch.zeros(1, 2, 3), r"est >= ref, got \(1, 2, 3\)"),
        (torch.zeros(0, 2, 2), r"got \(0, 2, 2\)"),
        (torch.full((1, 2, 2), torch.nan), "without NaN, got 4 of 4"),
    ],
)
def test_what_cannot_be_assigned_is_refused(pairwise: torch.Tensor, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        best_assignment(pairwise)


def test_an_exhaustive_search_of_eleven_is_refused_with_the_way_out() -> None:
    with pytest.raises(ValueError, match=r"39916800.*pairwise losses without a reduction"):
        injections(11, 11)
    with pytest.raises(ValueError, match="at least as many estimates as references, got 2 and 3"):
        injections(2, 3)
