from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from separate_cli.metrics import evaluate, noreference
from separate_cli.metrics.noreference import dnsmos

TINY = Path(__file__).parent / "goldens" / "tiny_dnsmos.onnx"
"""Norm of ``input_1`` (1, 144160) · (0.01, 0.02, 0.015) + (1, 2, 1.5): the inputs and outputs of DNSMOS, 226 bytes."""


def expected(wave: np.ndarray, starts: range) -> list[float]:
    raw = np.array([[0.01, 0.02, 0.015]]) * [[np.linalg.norm(wave[start:][:144160])] for start in starts] + [1, 2, 1.5]
    sig, bak, ovr = raw.T
    return [
        float(np.mean(-0.08397278 * sig**2 + 1.22083953 * sig + 0.0052439)),
        float(np.mean(-0.13166888 * bak**2 + 1.60915514 * bak - 0.39604546)),
        float(np.mean(-0.06766283 * ovr**2 + 1.11546468 * ovr + 0.04602535)),
    ]


class Network:
    """What the tiny file computes."""

    def run(self, outputs: None, inputs: dict[str, Any]) -> list[Any]:
        segment = inputs["input_1"]
        assert segment.shape == (1, 144160)
        assert segment.dtype == np.float32
        return [np.linalg.norm(segment.astype(np.float64)) * np.array([[0.01, 0.02, 0.015]]) + [1, 2, 1.5]]


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Weights that a stand-in for onnxruntime opens."""
    path = tmp_path / "weights.onnx"
    path.write_bytes(b"weights")
    runtime = SimpleNamespace(
        SessionOptions=SimpleNamespace, InferenceSession=lambda name, options, providers: Network()
    )
    monkeypatch.setitem(sys.modules, "onnxruntime", runtime)
    return path


@pytest.mark.parametrize(
    ("seconds", "starts"), [(9.5, range(0, 1)), (11.5, range(0, 32000, 16000)), (4.0, range(0, 112000, 16000))]
)
def test_segments_of_9_seconds_start_every_second_and_short_waves_repeat(
    weights: Path, seconds: float, starts: range
) -> None:
    wave = 0.1 * np.random.default_rng(0).standard_normal(int(seconds * 16000))
    np.testing.assert_allclose(
        dnsmos(wave, sample_rate=16000, weights=weights),
        expected(np.tile(wave, 4 if seconds < 9 else 1), starts),
        rtol=1e-5,
    )


def test_other_rates_are_resampled(weights: Path) -> None:
    wave = np.sin(np.arange(80000) / 9)
    found = dnsmos(wave, sample_rate=8000, weights=weights)
    assert found[0] == pytest.approx(expected(np.sqrt(0.5) * np.ones(160000), range(0, 1))[0], rel=1e-3)


def test_all_three_scores_come_from_one_run_per_signal(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEP_DNSMOS", str(weights))
    wave = np.random.default_rng(0).standard_normal((2, 3000))
    names = ["dnsmos_sig", "dnsmos_bak", "dnsmos_ovr"]
    result = evaluate(wave, wave, wave.sum(0), sample_rate=16000, metrics=names)
    assert not result.reasons
    for index, name in enumerate(names):
        alone = dnsmos(wave[1], sample_rate=16000, weights=weights)[index]
        assert result[name].output[1] == pytest.approx(alone, rel=1e-9)  # sums depend on where arrays lie in memory
        assert result[name].input is not None
        assert result[name].input[0] == result[name].input[1]


def test_missing_weights_say_where_to_get_them_and_where_to_put_them(tmp_path: Path) -> None:
    result = evaluate(np.ones(100), np.ones(100), sample_rate=16000, metrics=["dnsmos_ovr", "snr"])
    assert str(tmp_path / "cache" / "metrics" / "sig_bak_ovr.onnx") in result.reasons["dnsmos_ovr"]
    assert "github.com/microsoft/DNS-Challenge" in result.reasons["dnsmos_ovr"]
    assert "snr" not in result.reasons


def test_a_missing_runtime_and_silence_have_reasons(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEP_DNSMOS", str(weights))
    noisy_and_silent = np.array([[1.0, -1.0], [0.0, 0.0]])
    result = evaluate(noisy_and_silent, np.eye(2), sample_rate=16000, metrics=["dnsmos_sig"], permute=False)
    np.testing.assert_array_equal(np.isnan(result["dnsmos_sig"].output), [False, True])
    assert result.reasons["dnsmos_sig"] == "A silent signal has no DNSMOS."
    noreference._network.cache_clear()
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    result = evaluate(noisy_and_silent, np.eye(2), sample_rate=16000, metrics=["dnsmos_sig"], permute=False)
    assert "pip install 'separate-cli[onnx]'" in result.reasons["dnsmos_sig"]


@pytest.mark.acceptance
def test_onnxruntime_runs_a_network_of_the_same_shape() -> None:
    wave = 0.1 * np.random.default_rng(0).standard_normal(200000)
    found = dnsmos(wave, sample_rate=16000, weights=TINY)
    np.testing.assert_allclose(found, expected(wave, range(0, 48000, 16000)), rtol=1e-4)
