from __future__ import annotations

import numpy as np
import torch

from separate_cli.losses import multisrc_mae, singlesrc_mae


def test_loss_is_the_mean_distance_of_each_item() -> None:
    estimates, references = torch.randn(2, 3, 4, 50).unbind(0)
    expected = np.abs(estimates.numpy() - references.numpy()).mean((1, 2))
    np.testing.assert_allclose(multisrc_mae(estimates, references), expected, rtol=1e-6)
    np.testing.assert_allclose(singlesrc_mae(estimates, references), expected, rtol=1e-6)
