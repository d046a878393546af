from __future__ import annotations

from collections.abc import Callable

import torch

from separate_cli.engine.objectives.guided import Guided
from separate_cli.losses import PITLossWrapper, pairwise_neg_sisdr
from separate_cli.models import get
from separate_cli.specs.objectives import ArrayObjective


def test_loss_of_a_batch_is_the_mean_of_what_arrays_give_alone_and_falls(
    objective_of: Callable[..., Guided], losses_of_steps: Callable[..., list[float]]
) -> None:
    torch.manual_seed(0)
    model = get("FasNetTAC")(2, enc_dim=4, feature_dim=4, hidden_dim=4, n_layers=1, tac_hidden_dim=8, sample_rate=2000)
    references = torch.randn(2, 2, 500)
    inputs = torch.stack([references.sum(1), references.sum(1).roll(1, -1), references.sum(1).roll(2, -1)], 1)
    inputs[1, 2] = 0  # three microphones, and two
    objective = objective_of(ArrayObjective(), pairwise_neg_sisdr={})
    losses = losses_of_steps(objective, model, inputs, references)
    assert losses[-1] < losses[0] - 0.5
    with torch.no_grad():
        pit = PITLossWrapper(pairwise_neg_sisdr)
        alone = [pit(model(inputs[:1]), references[:1]), pit(model(inputs[1:, :2]), references[1:])]
        torch.testing.assert_close(
            objective(model, inputs, references), torch.stack(alone).mean(), atol=1e-3, rtol=1e-3
        )
