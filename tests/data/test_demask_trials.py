"""Trials are the same for every model, and fair between masks."""

from __future__ import annotations

from typing import Any

import numpy as np

from separate_cli.data.corpus import Corpus
from separate_cli.data.demask_trials import DemaskTrials
from separate_cli.data.facemask import apply_filter, mask_filter, measured_gains
from separate_cli.specs.evaluation.demask import DemaskEval


def trials(corpus: Corpus, **changes: Any) -> DemaskTrials:
    asked = {"part": "train", "masks": ["N95", "KN95"], "utterances": 3, **changes}
    return DemaskTrials(corpus, DemaskEval.model_validate(asked), sample_rate=16000)


def test_every_combination_comes_once_under_its_own_name(corpus: Corpus) -> None:
    keys = [trial.key for trial in trials(corpus)]
    assert len(keys) == len(set(keys)) == 3 * 2 * 3
    assert keys[0].startswith("dry/N95/speech/")


def test_an_utterance_has_the_same_room_and_noise_behind_all_masks(corpus: Corpus) -> None:
    test = trials(corpus)
    by_mask = {mask: [t for t in test if t.mask == mask] for mask in ("N95", "KN95")}
    for one, other in zip(by_mask["N95"], by_mask["KN95"], strict=True):
        (first, target), (second, same) = test.load(one), test.load(other)
        np.testing.assert_array_equal(target, same)
        muffled = [
            apply_filter(target[0], mask_filter(measured_gains(mask), sample_rate=16000)) for mask in ("N95", "KN95")
        ]
        noises = [first - muffled[0], second - muffled[1]]
        if one.condition == "noisy":
            assert np.corrcoef(*noises)[0, 1] > 0.999
        else:
            assert max(np.abs(noise).max() for noise in noises) < 1e-5


def test_noise_keeps_its_ratio_and_a_seed_of_its_own(corpus: Corpus) -> None:
    noisy = {"conditions": {"noisy": {"noise_snr_db": 10}}}
    one, other = trials(corpus, **noisy), trials(corpus, seed=1, **noisy)
    trial = next(iter(one))
    mixture, target = one.load(trial)
    muffled = apply_filter(target[0], mask_filter(measured_gains("N95"), sample_rate=16000)).astype(np.float64)
    ratio = 10 * np.log10(np.sum(muffled**2) / np.sum((mixture - muffled) ** 2))
    assert abs(ratio - 10) < 0.01
    assert not np.array_equal(mixture, other.load(trial)[0])


def test_trials_follow_the_sample_rate_of_the_model(corpus: Corpus) -> None:
    low = DemaskTrials(corpus, DemaskEval(part="train", utterances=1), sample_rate=8000)
    mixture, target = low.load(next(iter(low)))
    assert len(mixture) == target.shape[1] == low.speech[0].frames // 2
