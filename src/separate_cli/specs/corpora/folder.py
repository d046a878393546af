"""Mixtures of your own recordings: any files, any rates, one or many speakers a folder."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import (
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    field_validator,
    model_validator,
)

from separate_cli.specs.demask import RoomTarget
from separate_cli.specs.prepare import AudioFolder, CorpusName, MixtureCorpus, Part, SpeechFolder, SplitAuto, SplitRule
from separate_cli.specs.ranges import FloatRange, Probability, Seed

__all__ = ["FolderCorpus", "OwnFolder", "OwnFolders", "OwnSpeech"]

Count = Annotated[int, Field(ge=0)] | None


class OwnSpeech(SpeechFolder):
    """A folder of speech, of which nothing need be known."""

    split: SplitRule = SplitAuto()
    speaker: str = Field("auto", description="How a path names its speaker, see SpeechFolder.", validate_default=True)


class OwnFolder(AudioFolder):
    """A folder of noise or room responses, of which nothing need be known."""

    split: SplitRule = SplitAuto()


class OwnFolders(MixtureCorpus):
    """Folders of your own recordings, each under a short name."""

    speech: dict[CorpusName, OwnSpeech] = Field(min_length=1)
    noise: dict[CorpusName, OwnFolder] = Field({})
    rooms: dict[CorpusName, OwnFolder] = Field({})
    min_seconds: NonNegativeFloat = Field(1.0, description="Shorter speech is left out.")

    n_train: Count = Field(None, description="Mixtures to train on. null: as many as there are recordings.")
    n_valid: Count = Field(None, description="Mixtures to validate on. null: as many as there are recordings.")
    n_test: Count = Field(None, description="Mixtures to test on. null: as many as there are recordings.")
    seed: Seed = 0

    def wanted(self, part: Part) -> int | None:
        """How many mixtures of a part there shall be; None: one for each recording."""
        return {"train": self.n_train, "valid": self.n_valid, "test": self.n_test}[part]

    @model_validator(mode="after")
    def _names_are_unique(self) -> OwnFolders:
        names = [*self.speech, *self.rooms, *self.noise]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"expected different names, got twice: {', '.join(sorted(twice))}")
        return self


class FolderCorpus(OwnFolders):
    """A corpus like LibriMix, of any speech, noise and room responses, the same for the same seed."""

    kind: Literal["folder"] = "folder"
    max_seconds: PositiveFloat = Field(30.0, description="Of longer speech, a stretch of this length is taken.")

    n_src: PositiveInt = Field(2, description="Speakers in a mixture; always different ones.")
    sample_rate: PositiveInt = 8000
    mode: Literal["min", "max"] = Field("min", description="A mixture ends with its shortest, or its longest speaker.")
    level_db: FloatRange = Field(
        FloatRange(min=-33, max=-25), description="Active speech level of each speaker, below full scale."
    )
    noise_level_db: FloatRange = Field(FloatRange(min=-38, max=-30), description="Level of the noise.")
    overlap: FloatRange = Field(
        FloatRange(min=1, max=1), description="1: speakers begin together; 0: each begins when the one before ends."
    )
    room_probability: Probability = Field(1.0, description="How often there is a room, where there are responses.")
    room_target: RoomTarget = Field("early", description="What s1, s2, ... are: as they are heard, or the early part.")
    early_seconds: NonNegativeFloat = 0.05
    max_amplitude: Annotated[float, Field(gt=0, le=1, description="Louder mixtures are turned down.")] = 0.9

    @field_validator("overlap")
    @classmethod
    def _is_a_share(cls, value: FloatRange) -> FloatRange:
        if value.min < 0 or value.max > 1:
            raise ValueError(f"expected shares from 0 to 1, got {value.min} to {value.max}")
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> FolderCorpus:
        if self.rooms and self.mixtures == "on_the_fly":
            raise ValueError("mixtures in rooms are made on disk; mixtures: on_the_fly needs rooms: {}")
        if self.overlap.min < 1 and self.mode == "min":
            raise ValueError("speakers who follow each other need mode: max")
        return self
