"""Weighted sums of losses against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from separate_cli.engine.objective import Objective
from separate_cli.specs.optimize import LossTerm

GENERATOR = torch.Generator().manual_seed(0)
REFERENCES = torch.randn(3, 2, 400, generator=GENERATOR)
ESTIMATES = REFERENCES + 0.3 * torch.randn(3, 2, 400, generator=GENERATOR)


def snr_db(estimates: np.ndarray, references: np.ndarray) -> np.ndarray:
    estimates, references = (x - x.mean(-1, keepdims=True) for x in (estimates, references))
    return 10 * np.log10((references**2).sum(-1) / ((estimates - references) ** 2).sum(-1))


def test_a_sum_of_terms_is_weighted() -> None:
    objective = Objective({"singlesrc_mse": LossTerm(weight=10), "snr": LossTerm(name="singlesrc_neg_snr", weight=0.5)})
    estimates, references = ESTIMATES.numpy().astype(np.float64), REFERENCES.numpy().astype(np.float64)
    expected = 10 * np.mean((estimates - references) ** 2) - 0.5 * np.mean(snr_db(estimates, references))
    assert float(objective(ESTIMATES, REFERENCES)) == pytest.approx(expected, rel=1e-5)


def test_pairwise_losses_do_not_mind_the_order_of_sources_and_others_do() -> None:
    for name, minds in (("pairwise_neg_sisdr", False), ("singlesrc_neg_sisdr", True), ("multisrc_neg_sisdr", True)):
        objective = Objective({name: LossTerm()})
        straight, crossed = objective(ESTIMATES, REFERENCES), objective(ESTIMATES.flip(1), REFERENCES)
        assert (abs(float(straight - crossed)) > 1) == minds


def test_a_class_takes_arguments() -> None:
    windows = {"windows_size": [64, 32]}
    small = Objective({"SingleSrcMultiScaleSpectral": LossTerm(args=windows)})(ESTIMATES, REFERENCES)
    linear = Objective({"SingleSrcMultiScaleSpectral": LossTerm(args={**windows, "alpha": 0.0})})(ESTIMATES, REFERENCES)
    assert small > linear > 0


def test_a_term_of_weight_zero_is_left_out() -> None:
    assert list(Objective({"singlesrc_mse": LossTerm(), "multisrc_mse": LossTerm(weight=0)}).terms) == ["singlesrc_mse"]


def test_without_any_term_there_is_nothing_to_learn() -> None:
    with pytest.raises(ValueError, match="weight is not 0"):
        Objective({"multisrc_mse": LossTerm(weight=0)})(ESTIMATES, REFERENCES)


def test_gradients_flow_through_all_terms() -> None:
    estimates = ESTIMATES.clone().requires_grad_()
    Objective({"singlesrc_mse": LossTerm(), "pairwise_neg_snr": LossTerm()})(estimates, REFERENCES).backward()
    assert estimates.grad is not None and bool(estimates.grad.abs().min() > 0)


def test_wrong_terms_say_what_is_expected() -> None:
    with pytest.raises(ValueError, match="Unknown loss 'pairwise_sisdr'"):
        Objective({"pairwise_sisdr": LossTerm()})
    with pytest.raises(ValueError, match="arguments need its class, PairwiseNegSDR"):
        Objective({"pairwise_neg_sisdr": LossTerm(args={"EPS": 1.0})})
    with pytest.raises(TypeError, match="loudness"):
        Objective({"SingleSrcNegSDR": LossTerm(args={"loudness": 1.0})})


def test_nan_estimates_are_a_failure_of_numbers_and_wrong_shapes_are_not() -> None:
    objective = Objective({"pairwise_neg_sisdr": LossTerm()})
    with pytest.raises(FloatingPointError, match="output is NaN"):
        objective(ESTIMATES * float("nan"), REFERENCES)
    with pytest.raises(ValueError, match="agree"):
        objective(ESTIMATES[..., 1:], REFERENCES)


def test_wrappers_name_the_loss_that_they_wrap() -> None:
    mixtures = torch.stack([REFERENCES[:, 0], REFERENCES[:, 1]], dim=1)
    parts = torch.stack([0.25 * mixtures[:, 0], mixtures[:, 1], 0.75 * mixtures[:, 0]], dim=1)
    mixit = Objective({"mixit": LossTerm(name="MixITLossWrapper", args={"loss_func": "multisrc_neg_snr"})})
    assert float(mixit(parts, mixtures)) < -60
    soft = Objective({"sinkpit": LossTerm(name="SinkPITLossWrapper", args={"loss_func": "pairwise_neg_sisdr"})})
    hard = Objective({"pairwise_neg_sisdr": LossTerm()})
    assert float(soft.eval()(ESTIMATES, REFERENCES)) == pytest.approx(float(hard(ESTIMATES, REFERENCES)))
    with pytest.raises(ValueError, match="Unknown loss 'nothing'"):
        Objective({"mixit": LossTerm(name="MixITLossWrapper", args={"loss_func": "nothing"})})


def test_of_references_at_several_microphones_the_first_counts() -> None:
    objective = Objective({"singlesrc_mse": LossTerm()})
    apart = torch.stack([REFERENCES, REFERENCES.flip(0)], dim=2)  # (batch, source, channel, time)
    assert float(objective(ESTIMATES, apart)) == float(objective(ESTIMATES, REFERENCES))


def test_a_term_may_be_of_one_source_alone() -> None:
    objective = Objective(
        {
            "second": LossTerm(name="singlesrc_mse", source=1),
            "first": LossTerm(name="singlesrc_mae", source=0, weight=2),
        }
    )
    e, r = ESTIMATES.numpy().astype(np.float64), REFERENCES.numpy().astype(np.float64)
    expected = np.mean((e[:, 1] - r[:, 1]) ** 2) + 2 * np.mean(np.abs(e[:, 0] - r[:, 0]))
    assert float(objective(ESTIMATES, REFERENCES)) == pytest.approx(expected, rel=1e-5)
    with pytest.raises(ValueError, match="Expected a source below 2, got 2"):
        Objective({"third": LossTerm(name="singlesrc_mse", source=2)})(ESTIMATES, REFERENCES)
