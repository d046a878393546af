"""DNSMOS: the listening-test score that a network predicts from the processed speech alone.

    wave (time) --16 kHz, repeated to at least 9.01 s--> segments of 9.01 s, hop 1 s --network--> (SIG, BAK, OVRL) raw
        --polynomials--> mean over segments: quality of speech, of background, overall; 1 (bad) to 5 (excellent)

The weights are not part of this package: put ``sig_bak_ovr.onnx`` of github.com/microsoft/DNS-Challenge (folder
``DNSMOS/DNSMOS``) into ``<cache>/metrics``, or name it in ``SEP_DNSMOS``. The level matters, as to a listener.

Source: Reddy, Gopal & Cutler, "DNSMOS P.835", ICASSP 2022; constants of the authors' published program.
Checked: tests/metrics/test_noreference.py (segments, polynomials and a small network with the same inputs and outputs).
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from separate_cli.errors import InputError
from separate_cli.metrics.waves import FloatArray, Outcome, Trial, Undefined, missing_package
from separate_cli.settings import cache_folder

__all__ = ["DNSMOS_METRICS", "dnsmos", "dnsmos_weights", "score_dnsmos"]

DNSMOS_METRICS = ("dnsmos_sig", "dnsmos_bak", "dnsmos_ovr")
_RATE = 16000
_SEGMENT_SECONDS = 9.01
_SEGMENT = int(_SEGMENT_SECONDS * _RATE)
_POLYNOMIALS = (
    (-0.08397278, 1.22083953, 0.0052439),
    (-0.13166888, 1.60915514, -0.39604546),
    (-0.06766283, 1.11546468, 0.04602535),
)
"""From the network's outputs (SIG, BAK, OVRL) to the scale of the listening test, highest power first."""


def dnsmos_weights() -> Path:
    """Where the weights are looked for: ``SEP_DNSMOS``, else ``metrics/sig_bak_ovr.onnx`` in the cache folder."""
    named = os.environ.get("SEP_DNSMOS")
    return Path(named).expanduser() if named else cache_folder() / "metrics" / "sig_bak_ovr.onnx"


def dnsmos(wave: FloatArray, *, sample_rate: int, weights: Path | None = None) -> FloatArray:
    """DNSMOS P.835 of one wave.

    Args:
        wave: ``(time)``, full scale 1.
        sample_rate: In Hz.
        weights: ONNX file; default: ``dnsmos_weights()``.

    Returns:
        ``(3)``: speech, background, overall; 1 to 5.

    Raises:
        InputError: If the weights are not there.
        UsageError: If the package ``onnxruntime`` is missing.
        Undefined: If the wave is silent.
    """
    if not wave.any():
        raise Undefined("A silent signal has no DNSMOS.")
    network = _network(weights or dnsmos_weights())
    if sample_rate != _RATE:
        import soxr

        wave = soxr.resample(wave, sample_rate, _RATE)
    while len(wave) < _SEGMENT:
        wave = np.concatenate([wave, wave])
    count = int(len(wave) // _RATE - _SEGMENT_SECONDS) + 1  # as the authors count, which may leave out the last second
    segments = [wave[start * _RATE :][:_SEGMENT] for start in range(count)]
    raw = [network.run(None, {"input_1": segment[None].astype(np.float32)})[0][0] for segment in segments]
    return np.array(
        [np.polyval(fit, column).mean() for fit, column in zip(_POLYNOMIALS, np.transpose(raw), strict=True)]
    )


@cache
def _network(weights: Path) -> Any:
    if not weights.is_file():
        raise InputError(
            f"DNSMOS needs the weights {weights}, which are not there.",
            hint="Get sig_bak_ovr.onnx from github.com/microsoft/DNS-Challenge (DNSMOS/DNSMOS), or set SEP_DNSMOS.",
        )
    try:
        import onnxruntime
    except ImportError as error:
        raise missing_package("onnxruntime", extra="onnx", what="DNSMOS") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])


def score_dnsmos(trial: Trial) -> dict[str, Outcome]:
    """Metric family: DNSMOS of every scored signal; the references are not used."""
    signals = [signal for signal, _ in trial.pairs]
    scores: dict[int, FloatArray] = {}
    error: Exception | None = None
    for signal in dict.fromkeys(signals):
        try:
            scores[signal] = dnsmos(trial.signals[signal], sample_rate=trial.sample_rate)
        except Undefined as undefined:
            scores[signal], error = np.full(3, np.nan), error or undefined
    columns = np.transpose([scores[signal] for signal in signals])  # (3, pair)
    return {name: Outcome(column, error) for name, column in zip(DNSMOS_METRICS, columns, strict=True)}
