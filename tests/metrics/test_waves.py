from __future__ import annotations

import numpy as np
import pytest
import torch

from separate_cli.metrics.waves import Trial, as_waves, each_pair, missing_package


@pytest.mark.parametrize(
    "given",
    [
        [[0.5, -0.25]],
        np.array([0.5, -0.25], dtype=np.float32),
        torch.tensor([[0.5, -0.25]], dtype=torch.bfloat16, requires_grad=True),
    ],
)
def test_arrays_tensors_and_lists_of_any_number_type_become_float64(given: object) -> None:
    waves = as_waves("estimates", given)
    assert waves.dtype == np.float64
    np.testing.assert_array_equal(waves, [[0.5, -0.25]])


@pytest.mark.parametrize(
    "given", [np.zeros((2, 0)), np.zeros((1, 1, 1, 5)), ["a", "b"], np.zeros(4, complex), [[1], [1, 2]]]
)
def test_what_is_no_wave_is_refused_with_the_name_of_the_argument(given: object) -> None:
    with pytest.raises(ValueError, match="estimates"):
        as_waves("estimates", given)


def test_a_failing_pair_leaves_the_others_alone() -> None:
    def score(signal: np.ndarray, reference: np.ndarray) -> float:
        if signal[0] < 0:
            raise RuntimeError("back end crashed")
        return float(signal[0])

    trial = Trial(np.array([[1.0], [-1.0], [3.0]]), np.ones((1, 1)), ((0, 0), (1, 0), (2, 0)), 8000)
    outcome = each_pair(trial, score)
    np.testing.assert_array_equal(outcome.values, [1, np.nan, 3])
    assert outcome.reason == "back end crashed"


def test_a_missing_package_says_how_to_install_it() -> None:
    error = missing_package("pesq", extra="metrics", what="PESQ")
    assert error.exit_code == 2
    assert error.hint == "Run: pip install 'separate-cli[metrics]'"
