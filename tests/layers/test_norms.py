"""The norms against NumPy formulas."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from separate_cli.layers import norms
from separate_cli.layers.blocks import Moments

AXES = {"gLN": (1, 2, 3), "cLN": (1,), "fgLN": (2, 3)}


def randomised(name: str, channels: int) -> torch.nn.Module:
    torch.manual_seed(0)
    norm = norms.get(name)(channels)
    for value in norm.state_dict().values():
        if value.is_floating_point():
            value.copy_(torch.rand_like(value) + 0.5)
    return norm.eval()


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", AXES)
def test_norm_is_its_formula_with_and_without_gradients(name: str, threads: int) -> None:
    norm = randomised(name, 5)
    x = torch.randn(1, 5, 7, 3, generator=torch.Generator().manual_seed(1)) + 2
    numpy = x.numpy().astype(np.float64)
    axes = AXES[name]
    expected = (numpy - numpy.mean(axes, keepdims=True)) / np.sqrt(numpy.var(axes, keepdims=True) + 1e-8)
    gamma, beta = (p.detach().numpy().reshape(-1, 1, 1) for p in (norm.gamma, norm.beta))
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        for grad in (True, False):
            with torch.set_grad_enabled(grad):
                np.testing.assert_allclose(norm(x).detach().numpy(), expected * gamma + beta, rtol=1e-4, atol=1e-5)
    finally:
        torch.set_num_threads(before)


def test_cumulative_norm_at_a_frame_is_the_global_norm_up_to_it() -> None:
    cumulative, whole = randomised("cgLN", 4), norms.GlobLN(4)
    whole.load_state_dict(cumulative.state_dict())
    x = torch.randn(2, 4, 9, generator=torch.Generator().manual_seed(2))
    for frames in range(1, 10):
        torch.testing.assert_close(
            cumulative(x)[..., frames - 1], whole(x[..., :frames])[..., -1], rtol=1e-4, atol=1e-5
        )


def test_cumulative_norm_of_a_constant_is_finite() -> None:
    assert torch.isfinite(norms.CumLN(3)(torch.full((1, 3, 2000), 1e3))).all()


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 4), (2, 3, 4, 5)])
def test_batch_norm_takes_two_to_four_axes(shape: tuple[int, ...]) -> None:
    norm = norms.BatchNorm(3)
    out = norm(torch.randn(shape) + 4)
    assert out.transpose(0, 1).flatten(1).mean(1).abs().max() < 1e-5
    with pytest.raises(ValueError, match="2 to 4 axes"):
        norm(torch.randn(3))


@pytest.mark.parametrize("name", ["gLN", "cLN", "bN"])
def test_normalising_block_by_block_is_normalising_at_once(name: str) -> None:
    norm = randomised(name, 6)
    x = torch.randn(6, 40, generator=torch.Generator().manual_seed(3))
    moments = Moments()
    for block in x.split(16, dim=1):
        moments.add(block)
    with torch.no_grad():
        expected = norm(x.unsqueeze(0)).squeeze(0)
        normalize = norm.normalizer(moments)
        found = torch.cat([normalize(block, torch.empty_like(block)) for block in x.split(16, dim=1)], dim=1)
    torch.testing.assert_close(found, expected)


def test_silence_stays_finite_and_differentiable() -> None:
    for name in ("gLN", "cLN", "cgLN", "fgLN"):
        x = torch.zeros(1, 2, 3, requires_grad=True)
        norms.get(name)(2)(x).sum().backward()
        assert x.grad is not None and torch.isfinite(x.grad).all(), name


def test_names_are_case_insensitive_and_unknown_ones_get_suggestions() -> None:
    assert norms.get("gln") is norms.get("GlobLN") is norms.GlobLN
    assert norms.get(torch.nn.Identity) is torch.nn.Identity
    with pytest.raises(ValueError, match=r"closest names are: .*FeatsGlobLN"):
        norms.get("fgl")


def test_a_norm_of_your_own_is_found_by_its_name() -> None:
    class HouseNorm(torch.nn.Module):
        pass

    assert norms.register_norm(HouseNorm) is norms.get("housenorm")
