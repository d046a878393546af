"""Voices and faces: mixtures of people whose faces are known, one embedding a video frame.

    facts["faces"] = [FILE.npy or [corpus, FILE.npy], ...] --faces_of--> (person, video frame, dim)
    mixture, faces --the same excerpt--> ((time), (person, video frame, dim)), references (person, time)

Checked: tests/data/test_faces.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from separate_cli.data.corpus import Corpus
from separate_cli.data.mixture_dataset import MixtureDataset
from separate_cli.data.mixtures import Mixture
from separate_cli.data.sampling import Draw, Examples
from separate_cli.errors import InputError
from separate_cli.specs.examples import MixtureExamples
from separate_cli.specs.special_examples import FaceExamples

__all__ = ["FaceDataset", "faces_of"]

Wave = NDArray[np.float32]


def faces_of(corpus: Corpus, mixture: Mixture) -> Wave:
    """Embeddings of all who speak, ``(person, video frame, dim)``; as many frames as the shortest has.

    Raises:
        InputError: If the list names none, or one cannot be read.
    """
    names = mixture.facts.get("faces")
    if not names:
        raise InputError(f"{mixture.id} names no faces.", hint="Prepare a corpus that does: AVSpeech.")
    found = []
    for name in names:
        root, path = ("", name) if isinstance(name, str) else name
        file = (corpus.roots[root] if root else corpus.folder) / path
        try:
            found.append(np.load(file, allow_pickle=False).astype(np.float32))
        except (OSError, ValueError) as error:
            raise InputError(f"Cannot read the face {file}: {error}.", hint="Compute it again.") from error
    frames = min(len(face) for face in found)
    return np.stack([face[:frames] for face in found])


class FaceDataset(Examples):
    """Mixtures of one part of a corpus, with faces.

    Args:
        corpus: Prepared by ``sep data prepare``.
        examples: Which signal, how long.
        part: Which part of the corpus.
        seed: Decides everything that is drawn.

    Raises:
        InputError: If the part has no usable mixture.
    """

    def __init__(self, corpus: Corpus, examples: FaceExamples, *, part: str, seed: int) -> None:
        plain = MixtureExamples(**examples.model_dump(exclude={"kind", "video_rate"}))
        self.plain = MixtureDataset(corpus, plain, part=part, seed=seed)
        self.corpus, self.examples = self.plain.corpus, examples
        self.grid = examples.sample_rate // examples.video_rate
        self.n_frames = -(-round(examples.segment_seconds * examples.sample_rate) // self.grid)
        super().__init__(len(self.plain), seed=seed)

    def make(self, draw: Draw, rng: np.random.Generator) -> tuple[Any, Tensor]:
        """Mixture ``(time)`` with faces ``(person, video frame, dim)``, and voices ``(person, time)``."""
        mixtures, wish = self.plain.mixtures, self.examples
        mixture = mixtures[(draw.epoch * len(self) + draw.example) % len(mixtures)]
        n_samples = round(wish.segment_seconds * wish.sample_rate)
        first = int(rng.integers((mixture.frames - n_samples) // self.grid + 1))  # video frames begin with a sample
        names = [wish.input, *(f"s{person + 1}" for person in range(wish.n_src))]
        start = first * self.grid
        waves = [self.corpus.signal(mixture, name, start=start, frames=n_samples)[0] for name in names]
        faces = faces_of(self.corpus, mixture)[: wish.n_src, first : first + self.n_frames]
        missing = self.n_frames - faces.shape[1]  # a video may end a frame early: its last frame stays
        faces = np.pad(faces, ((0, 0), (0, missing), (0, 0)), mode="edge")
        return (torch.from_numpy(waves[0]), torch.from_numpy(faces)), torch.from_numpy(np.stack(waves[1:]))
