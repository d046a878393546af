from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from separate_cli.engine.objectives.guided import Guided
from separate_cli.models import get
from separate_cli.specs.objectives import FacesObjective


def test_loss_is_that_of_the_waves_in_the_order_of_the_faces_and_falls(
    objective_of: Callable[..., Guided], losses_of_steps: Callable[..., list[float]]
) -> None:
    torch.manual_seed(0)
    model = get("LookingToListen")(
        2, face_dim=4, audio_chan=2, audio_out_chan=2, video_chan=4, hid_size=8, dense_size=8, dropout=0.0
    )
    voices, faces = 0.1 * torch.randn(2, 2, 4000), torch.randn(2, 2, 7, 4)
    mixture = voices.sum(1)
    objective = objective_of(FacesObjective(), multisrc_mse={})
    losses = losses_of_steps(objective, model, [mixture, faces], voices, n_steps=8)
    assert losses[-1] < losses[0]
    model.eval()
    expected = (model(mixture, faces) - voices).square().mean()
    torch.testing.assert_close(objective(model, [mixture, faces], voices), expected)


def test_models_without_eyes_are_refused(objective_of: Callable[..., Guided]) -> None:
    with pytest.raises(ValueError, match="DeMask has no face_dim"):
        objective_of(FacesObjective(), multisrc_mse={}).check(get("DeMask")(hidden_dims=[4]))
