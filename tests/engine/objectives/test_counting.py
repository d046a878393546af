from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
import torch

from separate_cli.engine.objectives.guided import Guided
from separate_cli.models.multi_decoder_dprnn import MultiDecoderDPRNN
from separate_cli.specs.objectives import CountingObjective


@pytest.fixture
def model() -> MultiDecoderDPRNN:
    torch.manual_seed(0)
    return MultiDecoderDPRNN([2, 3], bn_chan=8, hid_size=8, n_repeats=2, chunk_size=20, n_filters=8)


def si_sdr(estimate: np.ndarray, reference: np.ndarray) -> float:
    estimate, reference = estimate - estimate.mean(), reference - reference.mean()
    target = reference * (estimate @ reference) / (reference @ reference)
    return float(10 * np.log10((target @ target) / ((estimate - target) @ (estimate - target))))


def test_loss_sums_sources_and_doubt_over_the_blocks_later_ones_counting_more_and_falls(
    model: MultiDecoderDPRNN, objective_of: Callable[..., Guided], losses_of_steps: Callable[..., list[float]]
) -> None:
    references = torch.randn(2, 3, 500)
    references[0, 2] = 0  # two speakers, and three
    mixture = references.sum(1)
    objective = objective_of(CountingObjective(count_weight=2.0), pairwise_neg_sisdr={})
    losses = losses_of_steps(objective, model, mixture, references, n_steps=6)
    assert losses[-1] < losses[0] - 1

    with torch.no_grad():
        estimates, scores = model.forward_stages(mixture, torch.tensor([2, 3]))
    expected = 0.0
    for example, count in enumerate((2, 3)):
        for block in range(2):
            e, r = estimates[example, block].double().numpy(), references[example].double().numpy()
            best = max(
                sum(si_sdr(e[i], r[j]) for j, i in enumerate(order)) for order in itertools.permutations(range(count))
            )
            logits = scores[example, block].double().numpy()
            doubt = np.log(np.exp(logits).sum()) - logits[count - 2]
            expected += (block + 1) / 2 * (-best + 2.0 * doubt)
    assert float(objective(model, mixture, references).detach()) == pytest.approx(expected / 2, abs=1e-2)


def test_a_number_without_a_decoder_is_an_error(model: MultiDecoderDPRNN, objective_of: Callable[..., Guided]) -> None:
    with pytest.raises(ValueError, match="decoders for"):
        objective_of(CountingObjective(), pairwise_neg_sisdr={})(model, torch.randn(1, 500), torch.randn(1, 4, 500))
