"""Transform-average-concatenate against its formula."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from separate_cli.layers.tac import TAC, mean_of_present, present_microphones


def tac_of(**options: str) -> TAC:
    torch.manual_seed(0)
    return TAC(4, hidden_dim=6, **options).double()


def features() -> torch.Tensor:
    return torch.randn(2, 3, 4, 5, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def test_block_is_equations_5_to_8() -> None:
    tac = tac_of()
    w = {name: value.detach().numpy() for name, value in tac.named_parameters()}

    def dense(name: str, x: np.ndarray) -> np.ndarray:
        x = x @ w[f"{name}.0.weight"].T + w[f"{name}.0.bias"]
        return np.where(x > 0, x, w[f"{name}.1.weight"] * x)

    x = np.moveaxis(features().numpy(), 2, -1)  # (batch, microphone, ..., feature)
    hidden = dense("input_tf", x)
    average = dense("avg_tf", hidden.mean(1, keepdims=True))
    update = dense("concat_tf", np.concatenate([hidden, np.broadcast_to(average, hidden.shape)], -1))
    axes = (2, 3, 4)
    normed = (update - update.mean(axes, keepdims=True)) / np.sqrt(update.var(axes, keepdims=True) + 1e-8)
    np.testing.assert_allclose(tac(features()).detach().numpy(), np.moveaxis(x + normed, -1, 2), rtol=1e-7)


def test_order_of_the_microphones_is_the_order_of_the_outputs_and_nothing_else() -> None:
    tac, order = tac_of(), torch.tensor([2, 0, 1])
    torch.testing.assert_close(tac(features()[:, order]), tac(features())[:, order])


@pytest.mark.parametrize("norm_type", ["gLN", "cLN", "fgLN", "bN"])
def test_absent_microphones_change_nothing_for_those_present(norm_type: str) -> None:
    tac = tac_of(norm_type=norm_type).eval()
    found = tac(features(), torch.tensor([2, 3]))
    torch.testing.assert_close(found[:1, :2], tac(features()[:1, :2]))
    torch.testing.assert_close(found[1:], tac(features()[1:]))


def test_no_number_and_none_mean_all_microphones() -> None:
    tac = tac_of()
    torch.testing.assert_close(tac(features(), torch.tensor([0, 0])), tac(features()))


def test_mean_of_present_is_a_mean() -> None:
    x = features()
    found = mean_of_present(x, present_microphones(x, torch.tensor([2, 3])))
    torch.testing.assert_close(found, torch.stack([x[0, :2].mean(0), x[1].mean(0)]))


@pytest.mark.parametrize("valid", [[1], [1, 2, 3]])
def test_a_number_of_microphones_for_each_example_is_required(valid: list[int]) -> None:
    with pytest.raises(ValueError, match="for each of 2"):
        present_microphones(features(), torch.tensor(valid))
