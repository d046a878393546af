"""New mixtures out of a batch."""

from __future__ import annotations

import torch

from separate_cli.data import online_mixing_collate


def test_sources_change_partners_and_take_over_energies() -> None:
    torch.manual_seed(0)
    batch = [(torch.zeros(50), torch.randn(2, 50) * (i + 1)) for i in range(6)]
    mixtures, sources = online_mixing_collate(batch)
    torch.testing.assert_close(mixtures, sources.sum(1))
    before = torch.stack([item[1] for item in batch])
    torch.testing.assert_close(sources.square().sum(-1), before.square().sum(-1))
    moved = []
    for position in (0, 1):
        likeness = torch.nn.functional.cosine_similarity(sources[:, None, position], before[None, :, position], dim=-1)
        assert torch.allclose(likeness.max(dim=1).values, torch.ones(6))
        moved.append(likeness.argmax(dim=1).tolist())
    assert sorted(moved[0]) == sorted(moved[1]) == list(range(6)) and moved[0] != moved[1]


def test_silence_stays_silence() -> None:
    batch = [(torch.zeros(5), torch.stack([torch.full((5,), 1e18 * i), torch.zeros(5)])) for i in range(3)]
    mixtures, sources = online_mixing_collate(batch)
    assert torch.isfinite(mixtures).all() and not sources[:, 1].any()
