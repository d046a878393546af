from __future__ import annotations

import numpy as np
import pytest

from separate_cli.metrics.intelligibility import stoi
from separate_cli.metrics.utterance import evaluate
from separate_cli.metrics.waves import Undefined

from .conftest import Goldens


@pytest.mark.parametrize(("name", "extended"), [("stoi", False), ("estoi", True)])
def test_values_are_those_of_pystoi_at_every_rate(goldens: Goldens, name: str, extended: bool) -> None:
    references, estimates = goldens["references"], goldens["estimates"][::-1]
    rates = [int(rate) for rate in goldens["stoi_rates"]]
    values = [
        [
            stoi(estimate, reference, sample_rate=rate, extended=extended)
            for estimate, reference in zip(estimates, references, strict=True)
        ]
        for rate in rates
    ]
    assert len(rates) == 5
    np.testing.assert_allclose(values, goldens[name], atol=1e-8)


@pytest.mark.parametrize("extended", [False, True])
def test_the_reference_itself_scores_one_at_any_level_and_silence_zero(goldens: Goldens, extended: bool) -> None:
    speech = goldens["references"][0]
    assert stoi(0.01 * speech, speech, sample_rate=8000, extended=extended) == pytest.approx(1, abs=1e-6)
    assert stoi(np.zeros_like(speech), speech, sample_rate=8000, extended=extended) == pytest.approx(0, abs=1e-9)


def test_more_noise_scores_lower(goldens: Goldens) -> None:
    speech = goldens["references"][0]
    noise = np.random.default_rng(0).standard_normal(len(speech))
    scores = [stoi(speech + level * noise, speech, sample_rate=8000) for level in (0.01, 0.1, 1.0)]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("samples", [1, 100, 3000])
def test_too_little_speech_is_undefined_and_says_so(samples: int) -> None:
    short = np.random.default_rng(0).standard_normal(samples)
    with pytest.raises(Undefined, match=r"0\.41 s"):
        stoi(short, short, sample_rate=8000)


def test_estimate_and_mixture_are_scored_as_alone(goldens: Goldens) -> None:
    references, estimates = goldens["references"], goldens["estimates"]
    mixture = references.sum(axis=0)
    result = evaluate(estimates, references, mixture, sample_rate=8000, metrics=["stoi", "estoi"])
    assert result.permutation == (1, 0)
    assert result["stoi"].input is not None
    assert result["estoi"].output[0] == stoi(estimates[1], references[0], sample_rate=8000, extended=True)
    assert result["stoi"].input[1] == stoi(mixture, references[1], sample_rate=8000)
