"""``get_metrics`` gives what Asteroid 0.7 gave, and the names are where its users look for them."""

from __future__ import annotations

import numpy as np
import pytest

from separate_cli.metrics import ALL_METRICS, MockWERTracker, WERTracker, get_metrics

TIME = np.arange(16000) / 8000
RNG = np.random.default_rng(0)
CLEAN = np.stack(
    [
        np.sin(2 * np.pi * 220 * TIME) * np.sin(3 * TIME) ** 2,
        np.sign(np.sin(2 * np.pi * 150 * TIME)) * np.cos(2 * TIME) ** 2,
    ]
) + 0.05 * RNG.standard_normal((2, 16000))
MIX, ESTIMATE = CLEAN.sum(0), CLEAN + 0.2 * CLEAN[::-1] + 0.1 * RNG.standard_normal((2, 16000))

OF_ASTEROID = {
    "input_si_sdr": [-3.4111028, 3.44231721],
    "input_sdr": [-3.06917677, 3.52427328],
    "input_sir": [-3.06917677, 3.52427328],
    "input_stoi": [0.26961495, 0.7652534],
    "si_sdr": [8.49441419, 13.92201574],
    "sdr": [8.62086254, 14.01460166],
    "sir": [10.49950388, 17.36227534],
    "sar": [13.53659805, 16.79085276],
    "stoi": [0.34219896, 0.68870425],
}
"""Printed by ``asteroid.metrics.get_metrics(MIX, CLEAN, ESTIMATE, sample_rate=8000, average=False)``."""


@pytest.mark.parametrize("permute", [False, True])
def test_values_are_those_of_asteroid(permute: bool) -> None:
    estimate = ESTIMATE[::-1] if permute else ESTIMATE
    wanted = [name for name in ALL_METRICS if name != "pesq"]
    each = get_metrics(MIX, CLEAN, estimate, 8000, wanted, average=False, compute_permutation=permute)
    for name, values in OF_ASTEROID.items():
        np.testing.assert_allclose(each[name], values, atol=2e-3)
    assert (each["input_sar"] > 100).all()
    mean = get_metrics(MIX[None], CLEAN, estimate, sample_rate=8000, metrics_list=wanted, compute_permutation=permute)
    assert list(mean) == [f"{prefix}{name}" for prefix in ("input_", "") for name in wanted]
    assert mean["si_sdr"] == pytest.approx(np.mean(OF_ASTEROID["si_sdr"]))


def test_what_cannot_be_computed_is_an_error_or_none_with_a_warning() -> None:
    wanted = ["si_sdr", "pesq_wb"]
    with pytest.raises(RuntimeError, match=r"Cannot compute pesq_wb of talk.wav: PESQ wb needs"):
        get_metrics(MIX, CLEAN, ESTIMATE, 8000, wanted, filename="talk.wav")
    with pytest.warns(RuntimeWarning, match="Cannot compute pesq_wb of an utterance"):
        found = get_metrics(MIX, CLEAN, ESTIMATE, 8000, wanted, ignore_metrics_errors=True)
    assert found["pesq_wb"] is found["input_pesq_wb"] is None and found["si_sdr"] > 10


def test_a_mock_takes_what_a_tracker_takes_and_has_its_methods() -> None:
    mock = MockWERTracker("model", {"id": "text"})
    assert mock(MIX, CLEAN, sample_rate=8000, transcripts=["a", "b"], wav_id=["id"]) == {}
    assert (mock.as_rows(), mock.final_report(), mock.markdown()) == ([], {}, "")
    real = WERTracker(lambda wave, sample_rate: "one")
    real(CLEAN, CLEAN, sample_rate=8000, transcripts=["one", "two"])
    assert real.final_report_as_markdown() == real.markdown() != ""
    assert all(hasattr(real, name) for name in vars(MockWERTracker) if name[0] != "_")
