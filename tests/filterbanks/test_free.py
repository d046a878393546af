"""Free filterbank."""

from __future__ import annotations

import torch

from separate_cli.filterbanks import FreeFB


def test_first_filters_have_xaviers_spread() -> None:
    torch.manual_seed(0)
    filters = FreeFB(n_filters=512, kernel_size=16).filters().detach()
    # Fan in 16 (one channel), fan out 512 * 16.
    assert abs(float(filters.std()) / (2 / (16 + 512 * 16)) ** 0.5 - 1) < 0.02
    assert abs(float(filters.mean())) < 1e-3


def test_every_tap_is_learned_and_saved_under_one_name() -> None:
    bank = FreeFB(8, 4)
    assert [name for name, _ in bank.named_parameters()] == ["_filters"]
    assert list(bank.state_dict()) == ["_filters"]
