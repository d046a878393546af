from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
import torch

from separate_cli.engine.objectives.guided import Guided
from separate_cli.models.xumx import XUMX
from separate_cli.specs.objectives import StemsObjective

STEMS = ("a", "b", "c", "d")


@pytest.fixture
def model() -> XUMX:
    torch.manual_seed(0)
    return XUMX(STEMS, window_length=64, in_chan=64, n_hop=16, hidden_size=8, nb_layers=1, max_bin=20, sample_rate=8000)


@pytest.fixture
def references() -> torch.Tensor:
    return 0.1 * torch.randn(2, 4, 2, 700, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("time_weight", [10.0, 0.0])
def test_loss_is_that_of_all_sums_of_stems(
    model: XUMX, references: torch.Tensor, objective_of: Callable[..., Guided], together: bool, time_weight: float
) -> None:
    objective = objective_of(StemsObjective(combinations=together, time_weight=time_weight))
    mixture = references.sum(1)
    found = float(objective(model.eval(), mixture, references).detach())

    with torch.no_grad():
        waves, magnitudes = (part.double().numpy() for part in model.waves_and_magnitudes(mixture))
        wanted = np.stack([model.magnitudes(references[:, stem]).double().numpy() for stem in range(4)])
    sets = [one for size in ((1, 2, 3) if together else (1,)) for one in combinations(range(4), size)]
    assert len(sets) == (14 if together else 4)
    in_frequency = np.mean(
        [np.mean((sum(magnitudes[i] for i in one) - sum(wanted[i] for i in one)) ** 2) for one in sets]
    )
    sdrs = []
    for one in sets:
        for example in range(2):
            for channel in range(2):
                s = sum(references[example, i, channel].double().numpy() for i in one)
                e = sum(waves[example, i, channel] for i in one)
                x = mixture[example, channel].double().numpy()
                share = s @ s / (s @ s + (x - s) @ (x - s))
                sdrs.append(-share * _cosine(e, s) - (1 - share) * _cosine(x - e, x - s))
    expected = in_frequency + time_weight * (1 + np.mean(sdrs)) if time_weight else in_frequency
    assert found == pytest.approx(expected, rel=1e-4)


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def test_loss_falls(
    model: XUMX,
    references: torch.Tensor,
    objective_of: Callable[..., Guided],
    losses_of_steps: Callable[..., list[float]],
) -> None:
    losses = losses_of_steps(objective_of(StemsObjective()), model, references.sum(1), references)
    assert losses[-1] < 0.8 * losses[0]


def test_a_single_stem_is_open_unmix(objective_of: Callable[..., Guided]) -> None:
    torch.manual_seed(0)
    model = XUMX(
        ["vocals"], window_length=64, in_chan=64, n_hop=16, hidden_size=8, nb_layers=1, sample_rate=8000
    ).eval()
    mixture, vocals = torch.randn(1, 2, 500), torch.randn(1, 1, 2, 500)
    found = objective_of(StemsObjective(combinations=True, time_weight=0))(model, mixture, vocals)
    expected = (model.masked_magnitudes(mixture)[0] - model.magnitudes(vocals[:, 0])).square().mean()
    torch.testing.assert_close(found, expected)


def test_before_training_the_model_is_told_what_bins_are_like(model: XUMX, objective_of: Callable[..., Guided]) -> None:
    generator = torch.Generator().manual_seed(2)
    examples = [(torch.randn(2, 700, generator=generator), torch.empty(0)) for _ in range(6)]
    objective_of(StemsObjective(statistics_examples=3)).begin(model, examples)
    mono = np.concatenate(
        [model.magnitudes(examples[i][0][None]).mean(2)[:, 0].numpy() for i in (0, 2, 4)]
    )  # (frame, bin)
    for stem in STEMS:
        np.testing.assert_allclose(-model.mean_scale[f"input_mean_{stem}"].detach(), mono.mean(0)[:20], rtol=1e-4)
        np.testing.assert_allclose(1 / model.mean_scale[f"input_scale_{stem}"].detach(), mono.std(0)[:20], rtol=1e-4)
