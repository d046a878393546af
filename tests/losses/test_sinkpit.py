"""SinkPIT against a NumPy reference and at its limits."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from separate_cli.losses import PITLossWrapper, SinkPITLossWrapper, pairwise_mse, pairwise_neg_sisdr


def waves(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def test_free_energy_by_hand() -> None:
    pairwise = waves(3, 4, 4, dtype=torch.float64)
    beta, n_iter = 2.0, 50
    expected = []
    for losses in pairwise.numpy():
        soft = np.exp(-beta * losses.T)
        for _ in range(n_iter // 2):
            soft /= soft.sum(0, keepdims=True)
            soft /= soft.sum(1, keepdims=True)
        expected.append(((losses.T + np.log(soft) / beta) * soft).sum() / 4)
    found, soft_assignment = SinkPITLossWrapper.best_softperm_sinkhorn(pairwise, beta, n_iter)
    torch.testing.assert_close(found, torch.tensor(np.array(expected)))
    torch.testing.assert_close(soft_assignment.sum(2), torch.ones(3, 4, dtype=torch.float64))


def test_a_cold_assignment_is_the_hard_one() -> None:
    pairwise = 5 * waves(4, 5, 5)
    loss, soft = SinkPITLossWrapper.best_softperm_sinkhorn(pairwise, beta=200.0, n_iter=4000)
    hard, indices = PITLossWrapper.find_best_perm(pairwise)
    torch.testing.assert_close(loss, hard, rtol=1e-2, atol=1e-2)
    assert torch.equal(soft.argmax(2), indices)


def test_training_is_soft_and_validation_is_hard() -> None:
    estimates, references = waves(2, 3, 100), waves(2, 3, 100, seed=1)
    wrapped = SinkPITLossWrapper(pairwise_mse)
    wrapped.beta = 0.5
    hard = PITLossWrapper(pairwise_mse)(estimates, references)
    assert not torch.isclose(wrapped(estimates, references), hard)
    loss, reordered = wrapped(estimates, references, return_est=True)
    torch.testing.assert_close(loss, hard)
    assert reordered.shape == estimates.shape
    torch.testing.assert_close(wrapped.eval()(estimates, references), hard)
    always_soft = SinkPITLossWrapper(pairwise_mse, hungarian_validation=False).eval()
    always_soft.beta = 0.5
    assert not torch.isclose(always_soft(estimates, references), hard)


def test_every_pair_gets_a_gradient() -> None:
    pairwise = waves(1, 3, 3, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: SinkPITLossWrapper.best_softperm_sinkhorn(x, 1.0, 20)[0], (pairwise,))
    SinkPITLossWrapper.best_softperm_sinkhorn(pairwise, 1.0, 20)[0].sum().backward()
    assert pairwise.grad is not None and bool((pairwise.grad.abs() > 1e-4).all())


def test_a_hundred_and_one_sources_work() -> None:
    waves_of_many = waves(1, 101, 200)
    value = SinkPITLossWrapper(pairwise_neg_sisdr)(waves_of_many.flip(1), waves_of_many)
    assert value < -60


def test_wrong_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="beta above 0, got -1"):
        SinkPITLossWrapper(pairwise_mse).beta = -1
    with pytest.raises(ValueError, match="at least 2"):
        SinkPITLossWrapper(pairwise_mse, n_iter=1)
    with pytest.raises(ValueError, match=r"source, source\), got \(1, 3, 2\)"):
        SinkPITLossWrapper(pairwise_mse)(waves(1, 3, 9), waves(1, 2, 9))
