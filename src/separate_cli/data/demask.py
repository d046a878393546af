"""DeMask's examples: speech as it is, and as it is heard from behind a face mask.

    speech (time) --colour, pauses--> --room--> wet --> target (1, time)
                            wet --mask filter--> --noise--> mixture (time)

Both have the same delay, so that the model has only the mask to undo. Each example is a pure function of (seed, epoch,
example): the same on any machine, with any number of workers, whatever was drawn before.

Checked: tests/data/test_demask.py (spectrum ratio = mask curve, phase, levels, any number of workers).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from separate_cli.data.augment import (
    add_noise,
    apply_room,
    change_level,
    change_speed,
    colour,
    fit_length,
    mute_pauses,
)
from separate_cli.data.corpus import Corpus
from separate_cli.data.facemask import apply_filter, bend, mask_filter, measured_gains
from separate_cli.data.manifest import Recording
from separate_cli.data.sampling import Draw, Examples
from separate_cli.data.scenes import SceneSource, draw_from
from separate_cli.errors import InputError
from separate_cli.specs.demask import DemaskExamples

__all__ = ["DemaskDataset", "Scene"]

Wave = NDArray[np.float32]

_COLOUR_OCTAVES = 7
_MUTE_FRAME_SECONDS = 0.02


@dataclass(frozen=True)
class Scene:
    """What stands between a mouth and the microphone. None: nothing.

    Args:
        mask: Taps of the mask's filter.
        response: Room response, aligned, see ``augment.align_response``.
        early_frames: How much of the response the target keeps; None: all.
        noise: As long as the speech.
        snr_db: Muffled speech against noise.
    """

    mask: NDArray[np.float64] | None = None
    response: Wave | None = None
    early_frames: int | None = None
    noise: Wave | None = None
    snr_db: float = 0.0

    def play(self, speech: Wave) -> tuple[Wave, Wave]:
        """Mixture and target for ``speech``; all ``(time)``."""
        wet = target = speech
        if self.response is not None:
            wet = target = apply_room(speech, self.response)
            if self.early_frames is not None:
                target = apply_room(speech, self.response[: self.early_frames])
        mixture = wet if self.mask is None else apply_filter(wet, self.mask)
        if self.noise is not None:
            mixture = add_noise(mixture, self.noise, snr_db=self.snr_db)
        return mixture, target


class DemaskDataset(Examples):
    """Excerpts of clean speech and what a mask makes of them.

    Args:
        corpus: Prepared by ``sep data prepare``.
        examples: What to draw.
        part: Which part of the corpus.
        seed: Decides everything that is drawn.

    Raises:
        InputError: If the part has no speech.
    """

    def __init__(self, corpus: Corpus, examples: DemaskExamples, *, part: str, seed: int) -> None:
        self.corpus, self.examples = corpus, examples
        self.scenes = SceneSource(
            corpus, part=part, sample_rate=examples.sample_rate, room_seconds=examples.room_seconds
        )
        speech = corpus.recordings("speech", part)
        if not speech:
            raise InputError(
                f"The corpus has no speech to {part} on.", hint="Change the split of prepare.speech, or add speakers."
            )
        # Sorted lists go speaker by speaker; an epoch shorter than the list should still hear many of them.
        self.speech = [speech[i] for i in np.random.default_rng(seed).permutation(len(speech))]
        wanted = examples.examples_per_epoch if part == "train" else examples.valid_examples
        super().__init__(wanted or len(speech), seed=seed)
        self.n_samples = round(examples.segment_seconds * examples.sample_rate)

    def make(self, draw: Draw, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """One example: mixture ``(time)`` and target ``(1, time)``."""
        recording = self.speech[(draw.epoch * len(self) + draw.example) % len(self.speech)]
        speech = self._excerpt(recording, rng)
        mixture, target = self._scene(rng).play(speech)
        return torch.from_numpy(mixture), torch.from_numpy(target)[None]

    def _excerpt(self, recording: Recording, rng: np.random.Generator) -> Wave:
        """A random piece of a recording: first channel, at a random speed and level, ``(time)``."""
        rate, speed = self.examples.sample_rate, draw_from(self.examples.speed, rng)
        needed = int(np.ceil(self.n_samples * speed * recording.sample_rate / rate)) + 1
        start = int(rng.integers(max(1, recording.frames - needed + 1)))
        wave = self.corpus.load(recording, start=start, frames=needed)[0]
        wave = fit_length(change_speed(wave, speed, in_rate=recording.sample_rate, out_rate=rate), self.n_samples)
        return change_level(self._vary(wave, rng), draw_from(self.examples.gain_db, rng))

    def _vary(self, wave: Wave, rng: np.random.Generator) -> Wave:
        """Another microphone, another gate, now and then."""
        wish = self.examples
        if wish.colour_probability and rng.random() < wish.colour_probability:
            gains_db = rng.normal(0.0, wish.colour_db, _COLOUR_OCTAVES).tolist()
            wave = colour(wave, gains_db, sample_rate=wish.sample_rate)
        if wish.mute_probability and rng.random() < wish.mute_probability:
            frame = round(_MUTE_FRAME_SECONDS * wish.sample_rate)
            wave = mute_pauses(wave, below_db=draw_from(wish.mute_below_db, rng), frame=frame)
        return wave

    def _scene(self, rng: np.random.Generator) -> Scene:
        wish = self.examples
        has_room = rng.random() < wish.room_probability and bool(self.scenes.rooms)
        has_noise = rng.random() < wish.noise_probability and bool(self.scenes.noises)
        return Scene(
            mask=self._mask(rng),
            response=self.scenes.response(rng) if has_room else None,
            early_frames=round(wish.early_seconds * wish.sample_rate) if wish.room_target == "early" else None,
            noise=self.scenes.noise(self.n_samples, rng) if has_noise else None,
            snr_db=draw_from(wish.noise_snr_db, rng),
        )

    def _mask(self, rng: np.random.Generator) -> NDArray[np.float64] | None:
        wish = self.examples
        if rng.random() < wish.identity_probability:
            return None
        gains = measured_gains(wish.masks[int(rng.integers(len(wish.masks)))])
        if rng.random() < wish.jitter_probability:
            gains = bend(gains, spread_db=draw_from(wish.jitter_db, rng), rng=rng)
        return mask_filter(gains, sample_rate=wish.sample_rate, n_taps=wish.mask_taps)
