"""Beamformers against NumPy, SciPy, asteroid and what each of them promises."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.linalg
import torch
from torch import Tensor

from separate_cli.dsp import beamformers as bf
from separate_cli.dsp.covariance import compute_scm

GOLDENS = {
    name: torch.from_numpy(value)
    for name, value in np.load(Path(__file__).parent / "goldens" / "beamformers.npz").items()
}
ALL = [
    bf.RTFMVDRBeamformer(),
    bf.RTFMVDRBeamformer(whiten=True),
    bf.SoudenMVDRBeamformer(),
    bf.SDWMWFBeamformer(),
    bf.GEVBeamformer(),
    bf.GEVBeamformer(analytic_normalisation=True),
    bf.GEVDBeamformer(),
    bf.GEVDBeamformer(rank=2, ref_mic=None),
]
NAMES = [f"{index}-{type(one).__name__}" for index, one in enumerate(ALL)]


def given() -> tuple[Tensor, Tensor, Tensor]:
    return GOLDENS["mixture"], GOLDENS["target_scm"], GOLDENS["noise_scm"]


class Scene:
    """One source in noise that comes partly from one side; ``mic`` microphones, a rank-1 target."""

    def __init__(self, mics: int = 4, freqs: int = 5, frames: int = 400) -> None:
        generator = torch.Generator().manual_seed(0)

        def draw(*shape: int) -> Tensor:
            return torch.randn(shape, dtype=torch.complex128, generator=generator)

        self.steering = draw(1, mics, freqs)
        self.target = self.steering.unsqueeze(-1) * draw(1, 1, freqs, frames)
        self.noise = 0.7 * draw(1, mics, freqs, frames) + draw(1, mics, freqs, 1) * draw(1, 1, freqs, frames)
        self.mixture = self.target + self.noise
        self.scms = compute_scm(self.target), compute_scm(self.noise)

    def snr_after(self, beamformer: torch.nn.Module, freq: int) -> float:
        kept, left = (beamformer(part, *self.scms)[:, freq].abs().square().mean() for part in (self.target, self.noise))
        return float(kept / left)


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene()


@pytest.mark.parametrize(
    ("golden", "beamformer", "settings"),
    [
        ("souden", bf.SoudenMVDRBeamformer(), {}),
        ("souden_each", bf.SoudenMVDRBeamformer(), {"ref_mic": torch.tensor([1, 2])}),
        ("sdwmwf_best", bf.SDWMWFBeamformer(mu=0.5), {}),
        ("sdwmwf_second", bf.SDWMWFBeamformer(mu=2.0), {"ref_mic": 1}),
    ],
)
def test_numbers_are_asteroids(golden: str, beamformer: torch.nn.Module, settings: dict[str, object]) -> None:
    torch.testing.assert_close(beamformer(*given(), **settings), GOLDENS[golden], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("golden", "beamformer"), [("gev", bf.GEVBeamformer()), ("rtf_mvdr", bf.RTFMVDRBeamformer(None))]
)
def test_magnitudes_are_asteroids_where_it_leaves_the_phase_to_chance(golden: str, beamformer: torch.nn.Module) -> None:
    torch.testing.assert_close(beamformer(*given()).abs(), GOLDENS[golden].abs(), atol=1e-5, rtol=1e-5)


def test_a_known_transfer_function_gives_asteroids_numbers() -> None:
    mixture, _, noise_scm = given()
    ours = bf.RTFMVDRBeamformer().from_rtf_vect(mixture, GOLDENS["rtf"], noise_scm)
    torch.testing.assert_close(ours, GOLDENS["rtf_known"], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("beamformer", ALL, ids=NAMES)
def test_every_beamformer_improves_the_snr_at_every_frequency(scene: Scene, beamformer: torch.nn.Module) -> None:
    before = scene.target.abs().square().mean(-1) / scene.noise.abs().square().mean(-1)
    for freq in range(5):
        assert scene.snr_after(beamformer, freq) > float(before[0, :, freq].max())


@pytest.mark.parametrize("beamformer", ALL[:3] + ALL[6:7], ids=NAMES[:3] + NAMES[6:7])
def test_the_target_comes_out_as_the_reference_microphone_hears_it(scene: Scene, beamformer: torch.nn.Module) -> None:
    out, heard = beamformer(scene.target, *scene.scms), scene.target[:, 0]
    scale = (out * heard.conj()).sum(-1) / heard.abs().square().sum(-1)
    torch.testing.assert_close(out, scale.unsqueeze(-1) * heard)
    if "MVDR" in type(beamformer).__name__:
        torch.testing.assert_close(out, heard, rtol=1e-6, atol=1e-6)
    else:  # a Wiener filter trades some of the level for less noise
        assert (scale.real < 1).all()
        assert (scale.real > 0.5).all()


def test_gev_reaches_the_largest_generalised_eigenvalue(scene: Scene) -> None:
    target, noise = (scm[0].permute(2, 0, 1).numpy() for scm in scene.scms)
    for freq in range(5):
        best = scipy.linalg.eigh(target[freq], noise[freq], eigvals_only=True)[-1]
        assert abs(scene.snr_after(bf.GEVBeamformer(), freq) / best - 1) < 1e-6
        for other in ALL:
            assert scene.snr_after(other, freq) < best * (1 + 1e-6)


def test_gev_keeps_the_phase_of_the_reference_microphone(scene: Scene) -> None:
    for reference in (0, 2):
        out = bf.GEVBeamformer(reference)(scene.target, *scene.scms)
        turn = (out * scene.target[:, reference].conj()).sum(-1)
        torch.testing.assert_close(turn.imag, torch.zeros_like(turn.imag), atol=1e-6, rtol=0)
        assert (turn.real > 0).all()


@pytest.mark.parametrize("mu", [0.3, 1.0, 4.0])
def test_a_full_rank_gevd_filter_is_the_wiener_filter(mu: float) -> None:
    ours = bf.GEVDBeamformer(mu, rank=None)(*given())
    torch.testing.assert_close(ours, bf.SDWMWFBeamformer(mu)(*given(), ref_mic=0), atol=1e-5, rtol=1e-5)


def test_without_weight_on_noise_the_wiener_filter_of_rank_one_does_not_distort(scene: Scene) -> None:
    out = bf.GEVDBeamformer(mu=1e-9, rank=1)(scene.target, *scene.scms)
    torch.testing.assert_close(out, scene.target[:, 0], rtol=1e-6, atol=1e-6)


def test_filters_are_what_numpy_computes_from_the_formulas(scene: Scene) -> None:
    target, noise = (scm[0].permute(2, 0, 1).numpy() for scm in scene.scms)
    mixture = scene.mixture[0].permute(1, 0, 2).numpy()
    ratio = np.linalg.solve(noise, target)
    souden = ratio[:, :, 1] / np.trace(ratio, axis1=1, axis2=2)[:, None]
    wiener = np.linalg.solve(target + 2 * noise, target)[:, :, 1]
    for beamformer, filters in ((bf.SoudenMVDRBeamformer(), souden), (bf.SDWMWFBeamformer(2.0), wiener)):
        expected = np.einsum("fm,fmt->ft", filters.conj(), mixture)
        np.testing.assert_allclose(beamformer(scene.mixture, *scene.scms, ref_mic=1)[0], expected, atol=1e-6)


def test_the_best_reference_has_the_highest_snr_over_all_frequencies(scene: Scene) -> None:
    target, noise = (scm.permute(0, 3, 1, 2) for scm in scene.scms)
    filters = torch.randn(1, 5, 4, 4, dtype=torch.complex128)
    snrs = []
    for mic in range(4):
        vector = filters[..., mic].transpose(1, 2)
        kept, left = (
            bf.Beamformer.apply_beamforming_vector(vector, part).abs().square().sum()
            for part in (scene.target, scene.noise)
        )
        snrs.append(float(kept / left))
    assert int(bf.get_optimal_reference_mic(filters, target, noise)) == int(np.argmax(snrs))


def test_a_reference_may_be_an_index_one_each_or_weights() -> None:
    souden = bf.SoudenMVDRBeamformer()
    by_index = [souden(*given(), ref_mic=mic) for mic in range(3)]
    each = souden(*given(), ref_mic=torch.tensor([2, 0]))
    torch.testing.assert_close(each, torch.stack([by_index[2][0], by_index[0][1]]))
    blended = souden(*given(), ref_mic=torch.tensor([[0.5, 0.0, 0.5], [0.0, 1.0, 0.0]]))
    expected = torch.stack([(by_index[0][0] + by_index[2][0]) / 2, by_index[1][1]])
    torch.testing.assert_close(blended, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("beamformer", ALL, ids=NAMES)
def test_silence_and_single_precision_give_finite_numbers(beamformer: torch.nn.Module) -> None:
    mixture = torch.zeros(1, 3, 4, 6, dtype=torch.complex64)
    out = beamformer(mixture, compute_scm(mixture), compute_scm(mixture))
    assert out.dtype == torch.complex64
    assert out.abs().max() == 0


@pytest.mark.parametrize("beamformer", ALL, ids=NAMES)
def test_gradients_reach_the_covariances(beamformer: torch.nn.Module) -> None:
    mixture, target_scm, noise_scm = given()
    scms = [scm.clone().requires_grad_() for scm in (target_scm, noise_scm)]
    beamformer(mixture, *scms).abs().square().sum().backward()
    for scm in scms:
        assert torch.isfinite(torch.view_as_real(scm.grad)).all()
        assert scm.grad.abs().sum() > 0


def test_old_names_lead_to_the_same_classes() -> None:
    assert bf.MvdrBeamformer is bf.RTFMVDRBeamformer
    assert bf.SdwMwfBeamformer is bf.SDWMWFBeamformer
    assert bf.BeamFormer is bf.Beamformer


def test_misuse_is_refused() -> None:
    mixture, target_scm, noise_scm = given()
    with pytest.raises(ValueError, match="complex"):
        bf.SoudenMVDRBeamformer()(mixture.real, target_scm, noise_scm)
    with pytest.raises(ValueError, match="filters"):
        bf.SoudenMVDRBeamformer()(mixture[:, :2], target_scm, noise_scm)
    with pytest.raises(ValueError, match="covariances"):
        bf.GEVBeamformer()(mixture, target_scm, noise_scm[..., :2])
    for ref_mic in (3, -1, torch.tensor([0, 1, 2])):
        with pytest.raises(ValueError, match="below 3"):
            bf.SoudenMVDRBeamformer()(mixture, target_scm, noise_scm, ref_mic=ref_mic)
    with pytest.raises(ValueError, match="rank"):
        bf.GEVDBeamformer(rank=0)
    with pytest.raises(ValueError, match="positive semi-definite"):
        bf.SoudenMVDRBeamformer()(mixture, target_scm, noise_scm * torch.nan)
