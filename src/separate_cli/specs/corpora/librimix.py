"""LibriMix: two or three speakers of LibriSpeech in the noise of WHAM!, from the official lists.

Source: Cosentino et al., "LibriMix: An open-source dataset for generalizable speech separation", 2020; lists at
github.com/JorisCos/LibriMix, folder ``metadata``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from separate_cli.specs.base import Reads, Spec
from separate_cli.specs.prepare import CORPUS_SUFFIXES, MixtureCorpus, Part, SourceFolder

__all__ = ["GainedMixtures", "LibriMix", "LibriMixNoise", "LibriMixSpeech", "MixType", "TranscribedFolder"]

MixType = Literal["mix_clean", "mix_both", "mix_single"]


class TranscribedFolder(SourceFolder):
    """The same, where what is said counts, too."""

    path: Annotated[Path, Reads(*(f"**/*{suffix}" for suffix in (*CORPUS_SUFFIXES, ".trans.txt")))]


class LibriMixSpeech(Spec):
    """Where LibriSpeech is."""

    librispeech: TranscribedFolder = TranscribedFolder(path=Path("data/LibriSpeech"))


class LibriMixNoise(Spec):
    """Where WHAM!'s noise is. Augmented noise (``...sp08.wav``) that is not there is made of the original."""

    wham_noise: SourceFolder = SourceFolder(path=Path("data/wham_noise"))


class GainedMixtures(MixtureCorpus):
    """What LibriMix and its kin have in common: lists of paths and gains."""

    noise: LibriMixNoise | None = Field(LibriMixNoise(), description="null: mix_clean only.")
    n_src: Annotated[int, Field(ge=1, le=10, description="Speakers in a mixture.")] = 2
    sample_rate: Annotated[int, Field(gt=0, le=16000, description="In Hz; official are 8000 and 16000.")] = 8000
    mode: Literal["min", "max"] = Field("min", description="A mixture ends with its shortest, or its longest speaker.")
    types: Annotated[tuple[MixType, ...], Field(min_length=1)] = ("mix_clean", "mix_both", "mix_single")

    @model_validator(mode="after")
    def _noise_where_needed(self) -> GainedMixtures:
        if self.noise is None and set(self.types) != {"mix_clean"}:
            raise ValueError("expected noise: for mix_both and mix_single, or types: [mix_clean]")
        return self


class LibriMix(GainedMixtures):
    """LibriMix, as the official script makes it."""

    kind: Literal["librimix"] = "librimix"
    speech: LibriMixSpeech = LibriMixSpeech()
    lists: Annotated[Path, Reads("*.csv")] = Field(
        Path("data/LibriMix/metadata/Libri2Mix"), description="Folder of the official libri2mix_SUBSET.csv."
    )
    subsets: dict[str, Part] = Field(
        {"train-clean-100": "train", "dev-clean": "valid", "test-clean": "test"},
        min_length=1,
        description="Which lists to use, and for what; train-clean-360 is the large one.",
    )
