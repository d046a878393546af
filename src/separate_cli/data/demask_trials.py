"""DeMask's test: every utterance, behind every mask, in every condition; the same for every model.

    utterance × condition × mask --DemaskTrials.load--> mixture (time), target (1, time)

An utterance has the same room and the same noise behind all masks, so that masks can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from separate_cli.audio.resample import resample
from separate_cli.data.corpus import Corpus
from separate_cli.data.demask import Scene
from separate_cli.data.facemask import apply_filter, inverse_filter, mask_filter, measured_gains
from separate_cli.data.manifest import Recording
from separate_cli.data.sampling import example_rng
from separate_cli.data.scenes import SceneSource, draw_from
from separate_cli.errors import InputError
from separate_cli.specs.evaluation.demask import DemaskEval

__all__ = ["DemaskTrials", "Trial"]

Wave = NDArray[np.float32]


@dataclass(frozen=True)
class Trial:
    """One mixture to score a model on.

    Args:
        number: Of the utterance.
        recording: The utterance.
        condition: Name of the condition.
        mask: Name of the mask.
    """

    number: int
    recording: Recording
    condition: str
    mask: str

    @property
    def key(self) -> str:
        """Its name in results."""
        return f"{self.condition}/{self.mask}/{self.utterance}"

    @property
    def utterance(self) -> str:
        """Name of the utterance alone."""
        return f"{self.recording.corpus}/{self.recording.path}"

    def facts(self) -> dict[str, str]:
        """What results are grouped by."""
        return {
            "condition": self.condition,
            "mask": self.mask,
            "utterance": self.utterance,
            "speaker": self.recording.speaker,
        }


class DemaskTrials:
    """All trials of an evaluation.

    Args:
        corpus: Prepared by ``sep data prepare``.
        spec: Which utterances, masks and conditions.
        sample_rate: Of the model, in Hz.

    Attributes:
        left_out: Condition → why the corpus cannot meet it.

    Raises:
        InputError: If the part has no speech, or no condition can be met.
    """

    def __init__(self, corpus: Corpus, spec: DemaskEval, *, sample_rate: int) -> None:
        self.corpus, self.spec, self.sample_rate = corpus, spec, sample_rate
        self.scenes = SceneSource(corpus, part=spec.part, sample_rate=sample_rate, room_seconds=spec.room_seconds)
        speech = corpus.recordings("speech", spec.part)
        if not speech:
            raise InputError(f"The corpus has no speech for {spec.part}.", hint="Change the split, or eval.part.")
        count = min(spec.utterances or len(speech), len(speech))
        self.speech = [speech[i * len(speech) // count] for i in range(count)]
        self.left_out = {name: reason for name in spec.conditions if (reason := self._lacks(name))}
        if len(self.left_out) == len(spec.conditions):
            raise InputError(
                f"No condition can be met: {'; '.join(self.left_out.values())}.",
                hint="Add prepare.rooms or prepare.noise, or a condition without.",
            )

    @property
    def conditions(self) -> list[str]:
        """Names of the conditions that the corpus can meet."""
        return [name for name in self.spec.conditions if name not in self.left_out]

    def __iter__(self) -> Iterator[Trial]:
        for condition in self.conditions:
            for mask in self.spec.masks:
                yield from (Trial(i, recording, condition, mask) for i, recording in enumerate(self.speech))

    def load(self, trial: Trial) -> tuple[Wave, Wave]:
        """Mixture ``(time)`` and target ``(1, time)``.

        Raises:
            InputError: If a file cannot be read.
        """
        spec, condition = self.spec, self.spec.conditions[trial.condition]
        whole = self.corpus.load(trial.recording)[:1]
        speech = resample(whole, trial.recording.sample_rate, self.sample_rate)[0]
        rng = example_rng(spec.seed, trial.number, list(spec.conditions).index(trial.condition))
        scene = Scene(
            mask=self._taps(trial),
            response=self.scenes.response(rng) if condition.room else None,
            early_frames=round(spec.early_seconds * self.sample_rate) if spec.room_target == "early" else None,
            noise=self.scenes.noise(len(speech), rng) if condition.noise_snr_db else None,
            snr_db=draw_from(condition.noise_snr_db, rng) if condition.noise_snr_db else 0.0,
        )
        mixture, target = scene.play(speech)
        return mixture, target[np.newaxis]

    def undo(self, trial: Trial, mixture: Wave) -> Wave:
        """What a linear filter that knows the mask makes of ``mixture``: ``(1, time)``."""
        return apply_filter(mixture, inverse_filter(self._taps(trial)))[np.newaxis]

    def _taps(self, trial: Trial) -> NDArray[np.float64]:
        gains = measured_gains(trial.mask)
        return mask_filter(gains, sample_rate=self.sample_rate, n_taps=self.spec.mask_taps)

    def _lacks(self, name: str) -> str:
        condition = self.spec.conditions[name]
        lacking = ["room responses"] if condition.room and not self.scenes.rooms else []
        lacking += ["noise"] if condition.noise_snr_db and not self.scenes.noises else []
        return f"the corpus has no {' and no '.join(lacking)} for {self.spec.part}" if lacking else ""
