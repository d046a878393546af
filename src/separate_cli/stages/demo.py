"""The whole product in a few seconds: a muffled sentence, the bundled model, and what became better.

    samples/muffled.flac --model--> muffled_enhanced.wav --metrics against samples/clear.flac--> table, spectrograms.png

The sentence is synthetic speech (espeak-ng) behind the measured response of a denim mask;
``examples/make_demo_sample.py``
makes it again.
"""

from __future__ import annotations

import math
import shutil
from dataclasses import dataclass
from pathlib import Path

from separate_cli.audio.reader import read_audio
from separate_cli.files import atomic_path
from separate_cli.hub import load_model
from separate_cli.metrics import METRICS, evaluate
from separate_cli.progress import SILENT, Progress
from separate_cli.report.spectrogram import save_spectrograms
from separate_cli.specs.infer import InferSpec
from separate_cli.stages.infer import infer

__all__ = ["Demo", "Score", "demo"]

MODEL = "demask"
_SAMPLES = Path(__file__).parents[1] / "data" / "samples"
_SCORES = ("si_sdr", "lsd", "stoi", "pesq_wb")


@dataclass(frozen=True)
class Score:
    """One metric before and after; ``gain`` is positive where it became better, whatever the metric's direction."""

    metric: str
    unit: str
    before: float
    after: float
    gain: float


@dataclass(frozen=True)
class Demo:
    """What the demonstration made and measured. ``missing`` says which scores could not be computed, and why."""

    muffled: Path
    enhanced: Path
    clear: Path
    picture: Path
    scores: tuple[Score, ...]
    missing: dict[str, str]


def demo(folder: Path, *, model: str = MODEL, progress: Progress = SILENT) -> Demo:
    """Run the bundled model on the bundled sample and write everything to ``folder``.

    Raises:
        OutputError: If the folder cannot be written.
    """
    muffled, clear = (folder / f"{name}.flac" for name in ("muffled", "clear"))
    for target in (muffled, clear):
        with atomic_path(target) as temporary:
            shutil.copyfile(_SAMPLES / target.name, temporary)
    spec = InferSpec(container="wav", overwrite=True)
    (outcome,) = infer(load_model(model), [str(muffled)], spec, progress=progress)
    if outcome.error is not None:
        raise outcome.error
    (enhanced,) = outcome.targets
    waves, rate = {}, 0
    for title, path in {"muffled": muffled, "enhanced": enhanced, "clear": clear}.items():
        samples, rate = read_audio(path)
        waves[title] = samples[0]
    save_spectrograms(folder / "spectrograms.png", waves, sample_rate=rate, title="Speech behind two layers of denim")
    result = evaluate(waves["enhanced"], waves["clear"], waves["muffled"], sample_rate=rate, metrics=_SCORES)
    row = result.as_row()
    scores = tuple(
        Score(name, METRICS.get(name).unit, row[f"input_{name}"], row[name], row[f"{name}_imp"])
        for name in _SCORES
        if math.isfinite(row[name])
    )
    return Demo(muffled, enhanced, clear, folder / "spectrograms.png", scores, dict(result.reasons))
