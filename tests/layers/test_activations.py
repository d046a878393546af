"""The activations against NumPy formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from separate_cli.layers import activations

X = np.linspace(-3, 3, 13)
FORMULAS = {
    "linear": X,
    "relu": np.maximum(X, 0),
    "prelu": np.where(X > 0, X, 0.25 * X),
    "leaky_relu": np.where(X > 0, X, 0.01 * X),
    "sigmoid": 1 / (1 + np.exp(-X)),
    "tanh": np.tanh(X),
    "gelu": X * 0.5 * (1 + np.vectorize(math.erf)(X / np.sqrt(2))),
    "swish": X / (1 + np.exp(-X)),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_activation_is_its_formula(name: str) -> None:
    found = activations.get(name)()(torch.from_numpy(X).float())
    np.testing.assert_allclose(found.detach().numpy(), FORMULAS[name], rtol=1e-5, atol=1e-6)


def test_softmax_masks_sum_to_one_along_the_axis_told() -> None:
    masks = activations.for_masks("softmax", softmax_dim=1)(torch.randn(2, 3, 4))
    torch.testing.assert_close(masks.sum(1), torch.ones(2, 4))


def test_none_is_the_identity_and_a_callable_itself() -> None:
    assert activations.get(None) is torch.nn.Identity
    assert activations.get(torch.nn.ELU) is torch.nn.ELU


def test_an_unknown_name_gets_suggestions() -> None:
    with pytest.raises(ValueError, match="leaky_relu"):
        activations.get("leakyrelu")


def test_an_activation_of_your_own_is_found_by_its_name() -> None:
    class HouseActivation(torch.nn.Module):
        pass

    assert activations.register_activation(HouseActivation) is activations.get("HOUSEactivation")
