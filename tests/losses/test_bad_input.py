"""Every loss says what it expected and got, and never gives a silent NaN."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from separate_cli import losses

PAIRWISE = [name for name in losses.available() if name.startswith("pairwise")]
MULTI = [name for name in losses.available() if name.startswith("multisrc")]
SINGLE = [name for name in losses.available() if name.startswith("singlesrc")]
BUILT: dict[str, Any] = {
    "SingleSrcMultiScaleSpectral": losses.SingleSrcMultiScaleSpectral(windows_size=[64, 32]),
    "SingleSrcLogSpectralDistance": losses.SingleSrcLogSpectralDistance(),
    "SingleSrcMultiResolutionSTFT": losses.SingleSrcMultiResolutionSTFT(),
    "SingleSrcCompressedSpectral": losses.SingleSrcCompressedSpectral(),
    "SingleSrcPMSQE": losses.SingleSrcPMSQE(sample_rate=8000),
    "SingleSrcNegSTOI": losses.SingleSrcNegSTOI(sample_rate=8000),
}
CASES = [(losses.get(name), (2, 3, 5000)) for name in [*PAIRWISE, *MULTI]]
CASES += [(losses.get(name), (2, 5000)) for name in SINGLE] + [(loss, (2, 5000)) for loss in BUILT.values()]
IDS = [*PAIRWISE, *MULTI, *SINGLE, *BUILT]
every_loss = pytest.mark.parametrize(("loss", "shape"), CASES, ids=IDS)


def test_all_ready_losses_are_covered() -> None:
    assert len(IDS) == len(CASES) >= 20
    assert {name for name in losses.available() if name.startswith("SingleSrc")} - set(BUILT) == {
        "SingleSrcMAE",
        "SingleSrcMSE",
        "SingleSrcNegSDR",
    }


@every_loss
@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
@pytest.mark.parametrize("which", [0, 1])
def test_nan_and_infinity_are_refused_with_their_place(
    loss: Any, shape: tuple[int, ...], bad: float, which: int
) -> None:
    pair = [torch.randn(shape), torch.randn(shape)]
    pair[which].view(-1)[7] = bad
    with pytest.raises(ValueError, match=f"finite {('estimates', 'references')[which]}, got 1 "):
        loss(*pair)


@every_loss
def test_another_length_is_refused(loss: Any, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"Expected .*got .*5000.*4999"):
        loss(torch.randn(shape), torch.randn(*shape[:-1], 4999))


@every_loss
def test_no_axis_at_all_is_refused(loss: Any, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="Expected"):
        loss(torch.tensor(1.0), torch.tensor(1.0))


@every_loss
def test_an_empty_batch_is_refused(loss: Any, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="at least one value, got shape"):
        loss(torch.randn(0, *shape[1:]), torch.randn(0, *shape[1:]))


@every_loss
@pytest.mark.parametrize("dtype", [torch.int16, torch.complex64])
def test_whole_and_complex_numbers_are_refused(loss: Any, shape: tuple[int, ...], dtype: torch.dtype) -> None:
    with pytest.raises(ValueError, match=f"estimates of a real floating-point type, got {dtype}"):
        loss(torch.ones(shape, dtype=dtype), torch.ones(shape))


@every_loss
def test_another_device_is_refused(loss: Any, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="one device, got estimates on cpu, references on meta"):
        loss(torch.ones(shape), torch.ones(shape, device="meta"))


@every_loss
@pytest.mark.parametrize("silent", ["estimate", "reference", "both"])
def test_silence_gives_finite_values_and_gradients(loss: Any, shape: tuple[int, ...], silent: str) -> None:
    estimates, references = torch.randn(shape), torch.randn(shape)
    estimates = torch.zeros(shape) if silent != "reference" else estimates
    references = torch.zeros(shape) if silent != "estimate" else references
    leaf = estimates.requires_grad_()
    value: Tensor = loss(leaf, references)
    assert bool(value.isfinite().all())
    value.sum().backward()
    assert leaf.grad is not None and bool(leaf.grad.isfinite().all())


@every_loss
def test_half_precision_gives_a_float32_loss(loss: Any, shape: tuple[int, ...]) -> None:
    estimates, references = torch.randn(shape).bfloat16(), torch.randn(shape).bfloat16()
    value = loss(estimates, references)
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, loss(estimates.float(), references.float()))


def test_a_floor_of_zero_says_what_divides_by_zero() -> None:
    with pytest.raises(ValueError, match="energy floor of 0"):
        losses.PairwiseNegSDR("sisdr", EPS=0)(torch.randn(1, 2, 50), torch.zeros(1, 2, 50))
