"""Recordings in memory: whole or in chunks, the same estimates at the same level."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from separate_cli.inference.arrays import separate_array
from separate_cli.models import get


@pytest.mark.parametrize("n_src", [1, 2])
def test_in_chunks_a_model_of_finite_context_gives_what_it_gives_at_once(n_src: int) -> None:
    torch.manual_seed(0)
    model = get("ConvTasNet")(
        n_src=n_src, n_blocks=2, n_repeats=1, bn_chan=4, hid_chan=8, skip_chan=4, n_filters=8, norm_type="bN"
    ).eval()
    model.lookbehind_samples = model.lookahead_samples = 200
    wave = np.random.default_rng(0).standard_normal((1, 100_000)).astype(np.float32)
    whole = separate_array(model, wave)
    assert whole.shape == (n_src, 1, 100_000)
    np.testing.assert_array_equal(whole[:, 0], model.separate(wave[0]))
    np.testing.assert_allclose(separate_array(model, wave, whole_seconds=1), whole, atol=1e-5)


def test_stems_of_two_channels_keep_both() -> None:
    torch.manual_seed(0)
    model = get("XUMX")(
        ["a", "b"], window_length=256, in_chan=256, n_hop=64, hidden_size=8, nb_layers=1, sample_rate=8000
    )
    wave = np.random.default_rng(0).standard_normal((2, 90_000)).astype(np.float32)
    whole = separate_array(model.eval(), wave)
    assert whole.shape == (2, 2, 90_000)
    chunked = separate_array(model, wave, whole_seconds=1)
    assert np.corrcoef(chunked.ravel(), whole.ravel())[0, 1] > 0.99


def test_chunks_run_in_eval_mode_and_leave_the_mode_as_it_was() -> None:
    model = get("DeMask")(hidden_dims=[8], dropout=0.9).train()
    wave = np.random.default_rng(0).standard_normal((1, 40_000)).astype(np.float32)
    first, second = (separate_array(model, wave, whole_seconds=1) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert model.training


def test_another_number_of_channels_is_refused() -> None:
    with pytest.raises(ValueError, match="Expected 1 channel"):
        separate_array(get("DeMask")(hidden_dims=[8]), np.zeros((2, 1000), np.float32))
