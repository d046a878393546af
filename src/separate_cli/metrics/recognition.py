"""Speech recognisers, and word and character error rates on top of them.

    wave (time) --16 kHz, full scale--> recogniser --> text;  texts of estimate and truth --words.py--> WER, CER

A recogniser is any ``(wave, sample_rate) -> text``. The default is PocketSphinx, whose English model comes in its
wheel: no network, no GPU, about a third of real time. It is weak by today's standards, so read its rates as relative:
compare the estimate with the mixture and with clean speech. ``Whisper`` is there for who has its weights.

Checked: tests/metrics/test_recognition.py (speech of known text, silence, level).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import numpy as np

from separate_cli.metrics.waves import FloatArray, Outcome, Trial, Undefined, missing_package
from separate_cli.metrics.words import EditCounts, character_errors, word_errors

__all__ = ["PocketSphinx", "Recogniser", "Whisper", "score_words"]

_RATE = 16000


class Recogniser(Protocol):
    """What turns speech into text. To work in several processes it must be picklable, as a frozen dataclass is."""

    def __call__(self, wave: FloatArray, sample_rate: int) -> str:
        """The words in ``wave``, ``(time)``; empty for silence."""


@dataclass(frozen=True)
class PocketSphinx:
    """English recogniser of CMU Sphinx with the model of its wheel. The level of a wave does not matter."""

    def __call__(self, wave: FloatArray, sample_rate: int) -> str:
        """The words in ``wave``, ``(time)``; empty for silence.

        Raises:
            UsageError: If the package ``pocketsphinx`` is missing.
        """
        decoder = _pocketsphinx_decoder()
        if not wave.any():
            return ""  # in digital silence it hears "they"
        decoder.start_utt()
        decoder.process_raw((_full_scale(wave, sample_rate) * 32767).astype(np.int16).tobytes(), full_utt=True)
        decoder.end_utt()
        best = decoder.hyp()
        return str(best.hypstr) if best is not None else ""


@dataclass(frozen=True)
class Whisper:
    """OpenAI's Whisper through the package ``openai-whisper``.

    Args:
        model: Name of a published model, which the package downloads at first use, or path of a weights file.
        language: Of the speech.
    """

    model: str = "base.en"
    language: str = "en"

    def __call__(self, wave: FloatArray, sample_rate: int) -> str:
        """The words in ``wave``, ``(time)``.

        Raises:
            UsageError: If the package ``openai-whisper`` is missing.
        """
        model = _whisper_model(self.model)
        if not wave.any():
            return ""
        samples = _full_scale(wave, sample_rate).astype(np.float32)
        found = model.transcribe(samples, language=self.language, fp16=False, temperature=0.0)
        return str(found["text"]).strip()


@cache
def _pocketsphinx_decoder() -> Any:
    try:
        from pocketsphinx import Decoder
    except ImportError as error:
        raise missing_package("pocketsphinx", extra="wer", what="The word error rate") from error
    return Decoder(loglevel="FATAL")


@cache
def _whisper_model(name: str) -> Any:
    try:
        import whisper
    except ImportError as error:
        raise missing_package("openai-whisper", extra="whisper", what="This recogniser") from error
    return whisper.load_model(name, device="cpu")


def _full_scale(wave: FloatArray, sample_rate: int) -> FloatArray:
    """16 kHz, highest peak 1: separated speech has no level of its own."""
    if sample_rate != _RATE:
        import soxr

        wave = soxr.resample(wave, sample_rate, _RATE)
    peak = np.abs(wave).max(initial=0.0)
    return wave / peak if peak > 0 else wave


def score_words(trial: Trial, *, recogniser: Recogniser | None = None) -> dict[str, Outcome]:
    """Metric family: word and character error rate.

    Args:
        trial: With transcripts of the references; without, what is recognised in a reference counts as its truth.
        recogniser: Default: ``PocketSphinx()``. For another one, make metrics of a ``functools.partial`` of this.
    """
    recognise = recogniser or PocketSphinx()
    rate = trial.sample_rate
    truths = trial.transcripts or tuple(recognise(reference, rate) for reference in trial.references)
    heard = {signal: recognise(trial.signals[signal], rate) for signal in sorted({pair[0] for pair in trial.pairs})}
    words = [word_errors(truths[reference], heard[signal]) for signal, reference in trial.pairs]
    characters = [character_errors(truths[reference], heard[signal]) for signal, reference in trial.pairs]
    return {"wer": _rates(words), "cer": _rates(characters)}


def _rates(counts: list[EditCounts]) -> Outcome:
    values = np.array([count.rate for count in counts])
    return Outcome(values, Undefined("A reference has no words.") if np.isnan(values).any() else None)
