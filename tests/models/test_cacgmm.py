"""The spatial mixture model: two talkers at two places come out apart."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch

from separate_cli.errors import InputError, SepError
from separate_cli.models.cacgmm import CaCGMM

TIME = 16000


def talkers() -> np.ndarray:
    """Images of two sources, ``(source, microphone, time)``: bursts of noise of changing colour, heard with delays."""
    random = np.random.default_rng(0)
    images = np.zeros((2, 3, TIME))
    for image, delays in zip(images, [(0, 3, 6), (5, 2, 0)], strict=True):
        source = random.standard_normal(TIME)
        for start in range(0, TIME, 800):
            colour = random.standard_normal(16)
            source[start : start + 800] = np.convolve(source[start : start + 800], colour, "same")
            source[start : start + 800] *= random.random() ** 3
        for wave, delay in zip(image, delays, strict=True):
            wave[delay:] = source[: len(source) - delay]
    return images


def ratio(estimate: np.ndarray, reference: np.ndarray) -> float:
    part = reference * (estimate @ reference) / (reference @ reference)
    return float(10 * np.log10((part @ part) / ((estimate - part) ** 2).sum()))


def model(size: int = 32, **options: object) -> CaCGMM:
    return CaCGMM(2, size, size // 2, n_iter=15, **options).double()


@pytest.mark.parametrize(("beamformer", "gain_db"), [("mvdr_souden", 6), ("masking", 5)])
def test_two_talkers_come_out_apart(beamformer: str, gain_db: float) -> None:
    images = talkers()
    mixture = images.sum(0)
    found = model(256, beamformer=beamformer)(torch.from_numpy(mixture).unsqueeze(0))[0].numpy()
    pairs = np.array([[ratio(estimate, image[0]) for image in images] for estimate in found])
    best = max(pairs.trace(), pairs[::-1].trace()) / 2
    before = np.mean([ratio(mixture[0], image[0]) for image in images])
    assert best - before > gain_db


def test_the_same_seed_gives_the_same_estimates() -> None:
    wav = torch.from_numpy(talkers().sum(0)[:, :2000]).unsqueeze(0)
    assert torch.equal(model()(wav), model()(wav))


def test_examples_do_not_hear_each_other() -> None:
    wav = torch.from_numpy(talkers()[:, :, :2000].copy())
    torch.testing.assert_close(model()(wav)[1:], model()(wav[1:]))


def test_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ssspy.bss.cacgmm", None)
    with pytest.raises(SepError, match="ssspy") as caught:
        model()(torch.randn(1, 2, 400).double())
    assert "separate-cli[beamforming]" in caught.value.hint


@pytest.mark.parametrize(
    ("shape", "error"),
    [((400,), ValueError), ((2, 400), ValueError), ((1, 2, 0), ValueError), ((1, 1, 400), InputError)],
)
def test_what_is_no_recording_of_an_array_is_refused(shape: tuple[int, ...], error: type[Exception]) -> None:
    with pytest.raises(error, match=r"microphone"):
        model()(torch.zeros(shape, dtype=torch.float64))


def test_unknown_beamformer_is_refused() -> None:
    with pytest.raises(ValueError, match="'mvdr_souden' or 'masking', got 'delay'"):
        model(beamformer="delay")
