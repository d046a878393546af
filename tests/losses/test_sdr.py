"""Negative SI-SDR, SD-SDR and SNR against NumPy in float64, at extremes, in half precision, and in their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor

from separate_cli.losses import (
    MultiSrcNegSDR,
    PairwiseNegSDR,
    SingleSrcNegSDR,
    pairwise_neg_sisdr,
    pairwise_neg_snr,
    singlesrc_neg_sisdr,
)

Array = npt.NDArray[np.float64]
TYPES = ["sisdr", "sdsdr", "snr"]


def waves(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def loss_of_one_pair(
    e: Array, s: Array, sdr_type: str, *, zero_mean: bool = True, take_log: bool = True, eps: float = 1e-8
) -> float:
    """The table of the module's header, line by line."""
    if zero_mean:
        e, s = e - e.mean(), s - s.mean()
    scaled = (e @ s) / (s @ s + eps) * s
    target = s if sdr_type == "snr" else scaled
    distortion = e - (scaled if sdr_type == "sisdr" else s)
    ratio = (target @ target) / (distortion @ distortion + eps)
    return float(-10 * np.log10(ratio + eps) if take_log else -ratio)


def reference(estimates: Tensor, references: Tensor, sdr_type: str, **options: Any) -> Tensor:
    e, s = estimates.double().numpy(), references.double().numpy()
    return torch.tensor(
        [[[loss_of_one_pair(x, y, sdr_type, **options) for y in s[b]] for x in e[b]] for b in range(len(e))],
        dtype=torch.float64,
    )


@pytest.mark.parametrize("sdr_type", TYPES)
@pytest.mark.parametrize("zero_mean", [False, True])
@pytest.mark.parametrize("take_log", [False, True])
@pytest.mark.parametrize("eps", [1e-8, 0.5])
def test_every_class_honours_every_option(sdr_type: Any, zero_mean: bool, take_log: bool, eps: float) -> None:
    estimates, references = waves(2, 3, 500) + 0.2, waves(2, 3, 500, seed=1) - 0.1
    options = {"zero_mean": zero_mean, "take_log": take_log}
    expected = reference(estimates, references, sdr_type, eps=eps, **options)
    found = PairwiseNegSDR(sdr_type, EPS=eps, **options)(estimates, references)
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-5)
    diagonal = expected.diagonal(dim1=1, dim2=2)
    multi = MultiSrcNegSDR(sdr_type, EPS=eps, **options)(estimates, references)
    torch.testing.assert_close(multi.double(), diagonal.mean(1), rtol=1e-5, atol=1e-5)
    single = SingleSrcNegSDR(sdr_type, EPS=eps, **options)(estimates[:, 1], references[:, 1])
    torch.testing.assert_close(single.double(), diagonal[:, 1], rtol=1e-5, atol=1e-5)


def test_rows_are_estimates_and_columns_are_references() -> None:
    references = waves(1, 3, 400)
    estimates = torch.stack([references[0, 2], waves(400, seed=9)]).unsqueeze(0)
    pairwise = pairwise_neg_sisdr(estimates, references)
    assert pairwise.shape == (1, 2, 3)
    assert pairwise[0].argmin().item() == 2  # row 0, column 2


@pytest.mark.parametrize("sdr_type", TYPES)
@pytest.mark.parametrize("ratio_db", [30, 60, 90])
def test_high_ratios_are_right_in_float32(sdr_type: Any, ratio_db: int) -> None:
    references = waves(2, 2, 16_000)
    estimates = references.flip(1) + 10 ** (-ratio_db / 20) * waves(2, 2, 16_000, seed=1)
    found = PairwiseNegSDR(sdr_type)(estimates, references)
    expected = reference(estimates, references, sdr_type)
    torch.testing.assert_close(found.double(), expected, rtol=1e-4, atol=1e-3)
    assert found.min() < 3 - ratio_db


@pytest.mark.parametrize("ratio_db", [60, 80])
def test_gradients_at_high_ratios_point_where_float64_says(ratio_db: int) -> None:
    references = waves(1, 2, 8000)
    estimates = 0.7 * references + 10 ** (-ratio_db / 20) * waves(1, 2, 8000, seed=1)
    grads = []
    for dtype in (torch.float32, torch.float64):
        leaf = estimates.detach().to(dtype, copy=True).requires_grad_()
        pairwise_neg_sisdr(leaf, references.to(dtype)).diagonal(dim1=1, dim2=2).sum().backward()
        assert leaf.grad is not None
        grads.append(leaf.grad.double().flatten())
    assert torch.nn.functional.cosine_similarity(grads[0], grads[1], dim=0) > 0.9999
    assert abs(grads[0].norm() / grads[1].norm() - 1) < 1e-2


@pytest.mark.parametrize("sdr_type", TYPES)
@pytest.mark.parametrize("zero_mean", [False, True])
@pytest.mark.parametrize("near", [False, True])
def test_gradients_in_float64(sdr_type: Any, zero_mean: bool, near: bool) -> None:
    references = waves(1, 2, 9, seed=1, dtype=torch.float64)
    estimates = waves(1, 2, 9, dtype=torch.float64)
    if near:  # the branch that sums residuals sample by sample
        estimates = references.flip(1) + 0.05 * estimates
    inputs = (estimates.requires_grad_(), references.requires_grad_())
    assert torch.autograd.gradcheck(PairwiseNegSDR(sdr_type, zero_mean=zero_mean), inputs)
    assert torch.autograd.gradcheck(MultiSrcNegSDR(sdr_type, zero_mean=zero_mean), inputs)
    assert torch.autograd.gradgradcheck(PairwiseNegSDR(sdr_type, zero_mean=zero_mean), inputs)


def test_si_sdr_does_not_depend_on_the_level_of_the_estimate() -> None:
    estimates, references = waves(2, 2, 800), waves(2, 2, 800, seed=1)
    torch.testing.assert_close(
        pairwise_neg_sisdr(37 * estimates, references), pairwise_neg_sisdr(estimates, references)
    )


def test_a_known_ratio_comes_out() -> None:
    reference_wave = torch.tensor([[1.0, -1.0, 1.0, -1.0]])
    orthogonal = torch.tensor([[1.0, 1.0, -1.0, -1.0]])
    assert singlesrc_neg_sisdr(3 * reference_wave + 0.3 * orthogonal, reference_wave).item() == pytest.approx(-20)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_summed_in_float32(dtype: torch.dtype) -> None:
    estimates, references = waves(2, 2, 70_000).to(dtype), waves(2, 2, 70_000, seed=1).to(dtype)
    leaf = estimates.clone().requires_grad_()
    found = pairwise_neg_snr(leaf, references)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, pairwise_neg_snr(estimates.float(), references.float()))
    found.sum().backward()
    assert leaf.grad is not None and leaf.grad.dtype == dtype and bool(leaf.grad.isfinite().all())


def test_mixed_precision_inputs_are_promoted() -> None:
    estimates, references = waves(1, 2, 300), waves(1, 2, 300, seed=1, dtype=torch.float64)
    assert pairwise_neg_sisdr(estimates, references).dtype == torch.float64


@pytest.mark.parametrize("sdr_type", TYPES)
def test_silence_gives_the_documented_bounds_and_finite_gradients(sdr_type: Any) -> None:
    silence = torch.zeros(1, 2, 200)
    for estimates, references, expected in (
        (waves(1, 2, 200), silence, 80.0),
        (silence, silence, 80.0),
        (silence, waves(1, 2, 200), 0.0 if sdr_type == "snr" else 80.0),
    ):
        leaf = estimates.clone().requires_grad_()
        found = PairwiseNegSDR(sdr_type)(leaf, references)
        torch.testing.assert_close(found, torch.full((1, 2, 2), expected))
        found.sum().backward()
        assert leaf.grad is not None and bool(leaf.grad.isfinite().all())


def test_reduction_mean_averages_over_the_batch() -> None:
    estimate, reference_wave = waves(3, 100), waves(3, 100, seed=1)
    per_item = SingleSrcNegSDR("snr")(estimate, reference_wave)
    torch.testing.assert_close(SingleSrcNegSDR("snr", reduction="mean")(estimate, reference_wave), per_item.mean())


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: PairwiseNegSDR("si-sdr"), "one of sisdr, sdsdr, snr, got 'si-sdr'"),  # type: ignore[arg-type]
        (lambda: PairwiseNegSDR("snr", EPS=-1), "EPS to be 0 or more, got -1"),
        (lambda: SingleSrcNegSDR("snr", reduction="sum"), "'none' or 'mean', got 'sum'"),  # type: ignore[arg-type]
    ],
)
def test_wrong_options_are_named(make: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()
