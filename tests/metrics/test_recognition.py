"""The recognisers themselves are tried on real speech in ``test_acceptance.py``; here is what surrounds them."""

from __future__ import annotations

import pickle
import sys
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from separate_cli.errors import UsageError
from separate_cli.metrics import Metric, PocketSphinx, Whisper, evaluate
from separate_cli.metrics.recognition import score_words
from separate_cli.metrics.waves import FloatArray

RNG = np.random.default_rng(0)
WORDS = ["one", "two", "three", "four"]


def hears_level(wave: FloatArray, sample_rate: int) -> str:
    """Recognises as many words as the peak is high."""
    return " ".join(WORDS[: round(float(np.abs(wave).max()))])


def metrics() -> list[Metric]:
    family = partial(score_words, recogniser=hears_level)
    return [Metric("wer", family, higher_is_better=False), Metric("cer", family, higher_is_better=False)]


def waves(*levels: int) -> FloatArray:
    return np.array(levels)[:, None] * np.sign(RNG.standard_normal((len(levels), 100)))


def test_rates_compare_what_is_heard_with_the_transcripts() -> None:
    references = waves(4, 4)
    estimates = references * np.array([[0.5], [1.0]])
    result = evaluate(
        estimates,
        references,
        references[0] / 4,
        sample_rate=8000,
        metrics=metrics(),
        transcripts=["one two", "One, two!"],
    )
    np.testing.assert_array_equal(result["wer"].output, [0, 1])
    np.testing.assert_array_equal(result["wer"].input, [0.5, 0.5])
    np.testing.assert_array_equal(result["wer"].improvement, [0.5, -0.5])
    np.testing.assert_array_equal(result["cer"].output, [0, 11 / 7])


def test_without_transcripts_the_clean_reference_is_the_truth() -> None:
    references = waves(4, 2)
    result = evaluate(references, references, sample_rate=8000, metrics=metrics())
    np.testing.assert_array_equal(result["wer"].output, 0)


def test_a_reference_without_words_has_a_reason() -> None:
    result = evaluate(waves(1), waves(1), sample_rate=8000, metrics=metrics(), transcripts=["..."])
    assert result.reasons["wer"] == "A reference has no words."


@pytest.mark.parametrize(
    ("recogniser", "package", "hint"),
    [(PocketSphinx(), "pocketsphinx", "[wer]"), (Whisper("x"), "whisper", "[whisper]")],
)
def test_without_its_package_a_recogniser_says_what_to_install(
    recogniser: Any, package: str, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from separate_cli.metrics import recognition

    recognition._pocketsphinx_decoder.cache_clear()
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UsageError, match="which is not installed") as caught:
        recogniser(np.zeros(10), 16000)
    assert hint in caught.value.hint


def test_whisper_gets_full_scale_float32_at_16_khz_and_loads_once(monkeypatch: pytest.MonkeyPatch) -> None:
    heard, loaded = [], []

    class Model:
        def transcribe(self, samples: FloatArray, **options: Any) -> dict[str, str]:
            heard.append((samples, options))
            return {"text": " Please call Stella. "}

    def load_model(name: str, device: str) -> Model:
        loaded.append((name, device))
        return Model()

    monkeypatch.setitem(sys.modules, "whisper", SimpleNamespace(load_model=load_model))
    wave = 0.01 * np.sin(np.arange(8000) / 5)
    texts = [Whisper("tiny-for-this-test")(wave, 8000) for _ in range(2)]
    assert texts == ["Please call Stella."] * 2
    assert loaded == [("tiny-for-this-test", "cpu")]
    samples, options = heard[0]
    assert (samples.dtype, len(samples), np.abs(samples).max()) == (np.float32, 16000, 1)
    assert options["language"] == "en"


def test_recognisers_are_values_that_travel_between_processes() -> None:
    assert pickle.loads(pickle.dumps(Whisper("small"))) == Whisper("small")
    assert hash(PocketSphinx()) == hash(PocketSphinx())
