"""New mixtures out of a batch: its sources find other partners."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.utils.data import default_collate

__all__ = ["online_mixing_collate"]


def online_mixing_collate(batch: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    """Collate ``(mixture, sources)`` and shuffle each source over the batch; mixtures become the sums.

    A source takes over the energy of the one whose place it takes, so that the ratios in each mixture stay.

    Args:
        batch: Items ``(time)``, ``(source, time)``; the mixtures are not used.

    Returns:
        Mixtures ``(batch, time)`` and sources ``(batch, source, time)``. Silent sources stay silent.
    """
    _, sources = default_collate(list(batch))
    energies = sources.square().sum(-1, keepdim=True)  # (batch, source, 1)
    order = torch.stack([torch.randperm(len(sources)) for _ in range(sources.shape[1])], dim=1)  # (batch, source)
    moved = sources.gather(0, order[..., None].expand_as(sources))
    own = energies.gather(0, order[..., None])
    mixed = moved * torch.where(own > 0, energies / torch.where(own > 0, own, 1), 0).sqrt()
    return mixed.sum(1), mixed
