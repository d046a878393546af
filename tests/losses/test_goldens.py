"""Numbers of Asteroid 0.7.0, reproduced.

``goldens/asteroid.npz`` holds inputs and Asteroid's answers over all options of each loss. The acceptance test runs the
larger files that ``SEP_ACCEPTANCE_GOLDENS`` names.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from separate_cli import losses

GOLDEN = {
    name: torch.from_numpy(array) for name, array in np.load(Path(__file__).parent / "goldens" / "asteroid.npz").items()
}
EST, TGT, MIXTURES = GOLDEN["est"], GOLDEN["tgt"], GOLDEN["mixtures"]


def assert_golden(found: Tensor, name: str) -> None:
    torch.testing.assert_close(found, GOLDEN[name], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("sdr_type", ["sisdr", "sdsdr", "snr"])
@pytest.mark.parametrize("zero_mean", [False, True])
@pytest.mark.parametrize("take_log", [False, True])
def test_ratios_with_all_options(sdr_type: Any, zero_mean: bool, take_log: bool) -> None:
    options = {"zero_mean": zero_mean, "take_log": take_log}
    name = f"{sdr_type}_mean{zero_mean:d}_log{take_log:d}"
    assert_golden(losses.PairwiseNegSDR(sdr_type, **options)(EST, TGT), f"pairwise_{name}")
    assert_golden(losses.MultiSrcNegSDR(sdr_type, **options)(EST, TGT), f"multisrc_{name}")
    assert_golden(losses.SingleSrcNegSDR(sdr_type, **options)(EST[:, 0], TGT[:, 2]), f"singlesrc_{name}")


def test_energy_floor_is_where_asteroid_has_it() -> None:
    assert_golden(losses.PairwiseNegSDR("sisdr", EPS=0.5)(EST, TGT), "pairwise_sisdr_eps")


def test_mean_squared_errors() -> None:
    assert_golden(losses.pairwise_mse(EST, TGT), "pairwise_mse")
    assert_golden(losses.multisrc_mse(EST, TGT), "multisrc_mse")
    assert_golden(losses.singlesrc_mse(EST[:, 0], TGT[:, 2]), "singlesrc_mse")


@pytest.mark.parametrize("sources", [2, 3, 4])
@pytest.mark.parametrize("loss", ["neg_sisdr", "neg_snr", "mse"])
def test_three_ways_of_permutation_invariance(sources: int, loss: str) -> None:
    estimates, references = EST[:, [2, 0, 3, 1]][:, :sources].flip(1), TGT[:, :sources]
    for prefix, pit_from in (("pairwise", "pw_mtx"), ("singlesrc", "pw_pt"), ("multisrc", "perm_avg")):
        wrapped = losses.PITLossWrapper(losses.get(f"{prefix}_{loss}"), pit_from=pit_from)
        assert_golden(wrapped(estimates, references), f"pit{sources}_{pit_from}_{loss}")


@pytest.mark.parametrize("sources", [2, 3, 4])
def test_a_reduction_of_ones_own_with_arguments(sources: int) -> None:
    def worst(values: Tensor, p: float = 1.0) -> Tensor:
        return (values**p).amax(-1)

    wrapped = losses.PITLossWrapper(losses.pairwise_mse, perm_reduce=worst)
    estimates, references = EST[:, [2, 0, 3, 1]][:, :sources].flip(1), TGT[:, :sources]
    assert_golden(wrapped(estimates, references, reduce_kwargs={"p": 2.0}), f"pit{sources}_perm_reduce")


@pytest.mark.parametrize("generalized", [False, True])
def test_mixture_invariance(generalized: bool) -> None:
    wrapped = losses.MixITLossWrapper(losses.multisrc_neg_snr, generalized=generalized)
    loss, mixtures = wrapped(EST, MIXTURES, return_est=True)
    assert_golden(loss, f"mixit_generalized{generalized:d}")
    assert_golden(mixtures, f"mixit_est_generalized{generalized:d}")


@pytest.mark.parametrize(("beta", "n_iter"), [(10.0, 200), (0.5, 31)])
def test_sinkhorn_in_training(beta: float, n_iter: int) -> None:
    wrapped = losses.SinkPITLossWrapper(losses.pairwise_neg_sisdr, n_iter=n_iter)
    wrapped.beta = beta
    assert_golden(wrapped(EST, TGT), f"sinkpit_beta{beta:g}_iter{n_iter}")


def test_sinkhorn_assignment_and_validation() -> None:
    wrapped = losses.SinkPITLossWrapper(losses.pairwise_neg_sisdr).eval()
    assert_golden(wrapped(EST, TGT), "sinkpit_eval")
    _, soft = wrapped.best_softperm_sinkhorn(losses.pairwise_neg_snr(EST, TGT), 0.5, 20)
    assert_golden(soft, "soft_perm")


def test_deep_clustering() -> None:
    embedding, index = GOLDEN["dc_embedding"], GOLDEN["dc_index"]
    assert_golden(losses.deep_clustering_loss(embedding, index), "dc")
    assert_golden(losses.deep_clustering_loss(embedding, index, GOLDEN["dc_mask"]), "dc_masked")


def test_soft_f1() -> None:
    assert_golden(losses.F1_loss()(GOLDEN["f1_est"], GOLDEN["f1_tgt"]), "f1")
    assert_golden(losses.F1_loss(eps=0.1)(GOLDEN["f1_est"], GOLDEN["f1_tgt"]), "f1_eps")


def test_multi_scale_spectral() -> None:
    estimate, reference = GOLDEN["ms_est"], GOLDEN["ms_tgt"]
    assert_golden(losses.SingleSrcMultiScaleSpectral()(estimate, reference), "ms")
    options = losses.SingleSrcMultiScaleSpectral([256, 64], [200, 64], [50, 32], alpha=0.5)
    assert_golden(options(estimate, reference), "ms_options")


@pytest.mark.parametrize("sample_rate", [8000, 16000])
@pytest.mark.parametrize("window", ["rect", "hann", "sqrt_hann", "hamming", "flatTop"])
def test_pmsqe_with_all_options(sample_rate: int, window: Any) -> None:
    estimate, reference = GOLDEN[f"pmsqe_est_{sample_rate}"], GOLDEN[f"pmsqe_tgt_{sample_rate}"]
    for bark_eq, gain_eq in itertools.product((False, True), repeat=2):
        loss = losses.SingleSrcPMSQE(window, bark_eq=bark_eq, gain_eq=gain_eq, sample_rate=sample_rate)
        assert_golden(loss(estimate, reference), f"pmsqe_{sample_rate}_{window}_bark{bark_eq:d}_gain{gain_eq:d}")


@pytest.mark.parametrize("sample_rate", [8000, 16000])
def test_pmsqe_with_padding_and_window_weight(sample_rate: int) -> None:
    estimate, reference = GOLDEN[f"pmsqe_est_{sample_rate}"], GOLDEN[f"pmsqe_tgt_{sample_rate}"]
    loss, mask = losses.SingleSrcPMSQE(sample_rate=sample_rate), GOLDEN["pmsqe_mask"]
    assert_golden(loss(estimate, reference, mask), f"pmsqe_{sample_rate}_masked")
    assert_golden(loss(estimate.mT, reference.mT, mask.squeeze(2)), f"pmsqe_{sample_rate}_masked")
    weighted = losses.SingleSrcPMSQE(sample_rate=sample_rate, window_weight=3.0)
    assert_golden(weighted(estimate, reference), f"pmsqe_{sample_rate}_weight")


def answer(name: str, golden: dict[str, Tensor]) -> Tensor:
    """What we give for an entry of the acceptance files, whose name says which loss and which wrapper."""
    estimates, references = golden["est"], golden["tgt"]
    wrappers = {
        "pit_est_": lambda loss: losses.PITLossWrapper(loss)(estimates, references, return_est=True)[1],
        "pit_perm_avg_": lambda loss: losses.PITLossWrapper(loss, "perm_avg")(estimates, references),
        "pit_pt_": lambda loss: losses.PITLossWrapper(loss, "pw_pt")(estimates, references),
        "pit_": lambda loss: losses.PITLossWrapper(loss)(estimates, references),
        "sinkpit_": lambda loss: losses.SinkPITLossWrapper(loss)(estimates, references),
        "mixit_equal_": lambda loss: losses.MixITLossWrapper(loss, generalized=False)(estimates, golden["mixtures"]),
        "mixit_": lambda loss: losses.MixITLossWrapper(loss)(estimates, golden["mixtures"]),
        "singlesrc_": lambda loss: loss(estimates[:, 0], references[:, 0]),
        "": lambda loss: loss(estimates, references),
    }
    prefix = next(prefix for prefix in wrappers if name.startswith(prefix))
    loss = losses.get(name if prefix == "singlesrc_" else name.removeprefix(prefix))
    found: Tensor = wrappers[prefix](loss)
    return found


@pytest.mark.acceptance
@pytest.mark.parametrize("sources", [2, 3, 4, 5])
def test_every_entry_of_the_acceptance_files(golden_files: Path, sources: int) -> None:
    arrays = np.load(golden_files / f"losses_{sources}src.npz")
    golden = {name: torch.from_numpy(arrays[name]) for name in arrays.files}
    names = sorted(set(golden) - {"est", "tgt", "mixtures"})
    assert len(names) > 25
    for name in names:
        torch.testing.assert_close(answer(name, golden), golden[name], rtol=1e-5, atol=1e-5, msg=name)


@pytest.mark.acceptance
def test_other_losses_of_the_acceptance_files(golden_files: Path) -> None:
    arrays = np.load(golden_files / "losses_other.npz")
    golden = {name: torch.from_numpy(arrays[name]) for name in arrays.files}
    pairs = {
        "deep_clustering_loss": losses.deep_clustering_loss(golden["dc_embedding"], golden["dc_target"]),
        "multi_scale_spectral": losses.SingleSrcMultiScaleSpectral()(golden["ms_est"], golden["ms_tgt"]),
        "pmsqe_16k": losses.SingleSrcPMSQE()(golden["pmsqe_est"], golden["pmsqe_tgt"]),
    }
    for name, found in pairs.items():
        torch.testing.assert_close(found, golden[name], rtol=1e-5, atol=1e-5)
