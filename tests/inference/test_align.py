"""Sources are recognised from chunk to chunk and from channel to channel."""

from __future__ import annotations

import itertools

import pytest
import torch

from separate_cli.inference.align import ChannelOrder, order_like


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("n_sources", [2, 3])
def test_every_permutation_is_undone(n_sources: int) -> None:
    truth = noise(1, n_sources, 400)
    for order in itertools.permutations(range(n_sources)):
        found = order_like(truth[..., :300], truth[:, order], overlap=300)
        assert torch.equal(found, truth)


def test_many_sources_and_each_item_of_a_batch_have_their_own_order() -> None:
    truth = noise(3, 7, 400)
    shuffled = torch.stack(
        [one[torch.randperm(7, generator=torch.Generator().manual_seed(i))] for i, one in enumerate(truth)]
    )
    assert torch.equal(order_like(truth[..., :300], shuffled, overlap=300), truth)


def test_one_speaker_in_the_overlap_decides_for_both() -> None:
    before = torch.stack([noise(200), 1e-4 * noise(200, seed=1)]).unsqueeze(0)
    after = torch.stack([1e-4 * noise(200, seed=2), 0.8 * noise(200)]).unsqueeze(0)
    assert torch.equal(order_like(before, after, overlap=200), after.flip(1))


def test_silence_keeps_the_order() -> None:
    after = torch.cat([torch.zeros(1, 2, 50), noise(1, 2, 50)], -1)
    assert torch.equal(order_like(torch.zeros(1, 2, 50), after, overlap=50), after)


def test_channels_are_matched_by_loudness_despite_delay_and_level() -> None:
    turns = torch.zeros(2, 40)
    turns[0, ::3] = 1
    turns[1, 1::4] = 1
    near = turns.repeat_interleave(800, -1) * noise(2, 32_000)
    far = 0.3 * near.roll(60, -1).flip(0)
    order = ChannelOrder(2, 2)
    for block in torch.stack([near, far]).split(5000, -1):
        order.add(block)
    assert order.best().tolist() == [[0, 1], [1, 0]]


def test_silent_channels_keep_the_order() -> None:
    order = ChannelOrder(2, 2)
    order.add(torch.zeros(2, 2, 2000))
    assert order.best().tolist() == [[0, 1], [0, 1]]
