from __future__ import annotations

import numpy as np
import pytest
import torch

from separate_cli.losses import binary_cross_entropy


def test_loss_is_the_mean_surprise_of_each_item() -> None:
    generator = torch.Generator().manual_seed(0)
    p, truth = torch.rand(3, 1, 40, generator=generator), (torch.rand(3, 1, 40, generator=generator) < 0.5).float()
    given = np.where(truth.numpy() == 1, p.numpy(), 1 - p.numpy())
    np.testing.assert_allclose(binary_cross_entropy(p, truth), -np.log(given).mean((1, 2)), rtol=1e-5)


def test_certainty_that_is_wrong_is_finite_and_right_is_free() -> None:
    truth = torch.tensor([[1.0, 0.0]])
    assert float(binary_cross_entropy(1 - truth, truth)) == 100
    assert float(binary_cross_entropy(truth, truth)) == 0


def test_what_is_no_probability_is_refused() -> None:
    with pytest.raises(ValueError, match=r"estimates from 0 to 1, got 0 to 2"):
        binary_cross_entropy(torch.tensor([[2.0, 0.0]]), torch.tensor([[1.0, 0.0]]))
