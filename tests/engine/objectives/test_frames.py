from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from separate_cli.engine.objectives.guided import Guided
from separate_cli.models import get
from separate_cli.specs.objectives import FramesObjective


@pytest.mark.parametrize("is_complex", [True, False])
def test_loss_is_the_squared_distance_in_the_complex_plane_and_falls(
    objective_of: Callable[..., Guided], losses_of_steps: Callable[..., list[float]], is_complex: bool
) -> None:
    torch.manual_seed(0)
    model = get("DNSBaseline")(64, 64, 32, hidden_size=16, n_layers=1, dropout=0.0, is_complex=is_complex)
    references = torch.randn(3, 1, 800)
    mixture = references[:, 0] + 0.3 * torch.randn(3, 800)
    objective = objective_of(FramesObjective(), singlesrc_mse={})
    losses = losses_of_steps(objective, model, mixture, references)
    assert losses[-1] < 0.9 * losses[0]

    with torch.no_grad():
        frames = model.encoder(mixture.unsqueeze(1))
        masked = model.apply_masks(frames, model.forward_masker(frames))[:, 0].numpy()
        wanted = model.encoder(references).numpy()
    parts = [np.split(one, 2, axis=1) for one in (masked, wanted)]
    (re, im), (re_wanted, im_wanted) = parts
    distance = np.abs((re + 1j * im) - (re_wanted + 1j * im_wanted)) ** 2
    assert float(objective(model, mixture, references).detach()) == pytest.approx(distance.mean() / 2, rel=1e-5)


def test_a_model_without_a_filterbank_is_refused(objective_of: Callable[..., Guided]) -> None:
    with pytest.raises(ValueError, match="LookingToListen has no forward_encoder, no forward_masker, no apply_masks"):
        objective_of(FramesObjective(), singlesrc_mse={}).check(get("LookingToListen")(2, face_dim=4, hid_size=4))
