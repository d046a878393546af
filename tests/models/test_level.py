"""Level policies."""

from __future__ import annotations

import pytest
import torch

from separate_cli.models.level import apply_level


def test_l1_gives_each_example_its_own_factor_and_keeps_silence() -> None:
    estimates = torch.tensor([[[1.0, -2.0], [3.0, 0.0]], [[0.5, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]])
    mixture = torch.tensor([[[3.0, -9.0]], [[2.0, -2.0]], [[1.0, 1.0]]])
    scaled = apply_level(estimates, mixture, level="l1")
    factors = torch.tensor([2.0, 8.0, 1.0]).view(3, 1, 1)
    torch.testing.assert_close(scaled, estimates * factors)


def test_none_keeps_the_estimates() -> None:
    estimates = torch.randn(1, 2, 5)
    assert apply_level(estimates, torch.randn(1, 1, 5), level="none") is estimates


def test_unknown_policy_is_refused() -> None:
    with pytest.raises(ValueError, match="Unknown level policy 'l2'; the closest names are: l1"):
        apply_level(torch.zeros(1, 1, 1), torch.zeros(1, 1, 1), level="l2")


def test_more_microphones_do_not_make_estimates_louder() -> None:
    estimates, mixture = torch.randn(2, 2, 50), torch.randn(2, 1, 50)
    found = apply_level(estimates, mixture.expand(2, 4, 50), level="l1")
    torch.testing.assert_close(found, apply_level(estimates, mixture, level="l1"))
