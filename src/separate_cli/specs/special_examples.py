"""Examples for trainings of their own kind: mixtures of mixtures, stems of songs, voice activity, faces, arrays."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from separate_cli.specs.base import Spec
from separate_cli.specs.ranges import FloatRange, Probability

__all__ = ["ActivityExamples", "ArrayExamples", "FaceExamples", "PairExamples", "StemExamples"]


class PairExamples(Spec):
    """Sums of two mixtures, to be taken apart again, for training without a clean source (MixIT)."""

    runtime: ClassVar[frozenset[str]] = frozenset({"cache_megabytes"})

    kind: Literal["pairs"] = "pairs"
    input: str = Field("mix_clean", description="Signal of a mixture that is paired.")
    sample_rate: PositiveInt = 8000
    segment_seconds: PositiveFloat = 2.0
    examples_per_epoch: PositiveInt | None = Field(None, description="null: one that begins with each mixture.")
    valid_examples: PositiveInt | None = Field(None, description="null: one that begins with each mixture.")
    cache_megabytes: NonNegativeInt = Field(0, description="How much audio each worker may keep in memory.")


class StemExamples(Spec):
    """Excerpts of songs whose stems are changed and exchanged; validation hears the songs as they are."""

    runtime: ClassVar[frozenset[str]] = frozenset({"cache_megabytes"})

    kind: Literal["stems"] = "stems"
    stems: Annotated[tuple[str, ...], Field(min_length=1)] = ("vocals", "drums", "bass", "other")
    targets: tuple[str, ...] = Field((), description="Stems that are wanted. None: all.")
    sample_rate: PositiveInt = 44100
    segment_seconds: PositiveFloat = 6.0
    examples_per_track: PositiveInt = Field(64, description="Excerpts of each song in an epoch.")
    valid_examples: PositiveInt | None = Field(None, description="null: one of each song.")
    exchange_probability: Probability = Field(1.0, description="How often the stems are of different songs.")
    gain: FloatRange = Field(FloatRange(min=0.25, max=1.25), description="Factor of each stem.")
    swap_probability: Probability = Field(0.5, description="How often left and right of a stem change places.")
    cache_megabytes: NonNegativeInt = Field(0, description="How much audio each worker may keep in memory.")

    @model_validator(mode="after")
    def _targets_are_stems(self) -> StemExamples:
        if strange := [name for name in self.targets if name not in self.stems]:
            raise ValueError(f"expected targets that are stems, got {', '.join(strange)}")
        return self


class ActivityExamples(Spec):
    """Excerpts of recordings, and where in them somebody speaks."""

    runtime: ClassVar[frozenset[str]] = frozenset({"cache_megabytes"})

    kind: Literal["activity"] = "activity"
    input: str = Field("mix_both", description="Signal that goes in.")
    sample_rate: PositiveInt = 8000
    segment_seconds: PositiveFloat = 3.0
    examples_per_epoch: PositiveInt | None = Field(None, description="null: one of each recording.")
    valid_examples: PositiveInt | None = Field(None, description="null: one of each recording.")
    cache_megabytes: NonNegativeInt = Field(0, description="How much audio each worker may keep in memory.")


class ArrayExamples(Spec):
    """Excerpts of recordings with different numbers of microphones, made equal by silent ones at the end."""

    runtime: ClassVar[frozenset[str]] = frozenset({"cache_megabytes"})

    kind: Literal["array"] = "array"
    input: str = Field("mix_both", description="Signal that goes in.")
    n_src: PositiveInt = 2
    microphones: PositiveInt = Field(6, description="As many as the largest array has; more are left out.")
    sample_rate: PositiveInt = 16000
    segment_seconds: PositiveFloat = 4.0
    examples_per_epoch: PositiveInt | None = Field(None, description="null: one of each mixture.")
    valid_examples: PositiveInt | None = Field(None, description="null: one of each mixture.")
    cache_megabytes: NonNegativeInt = Field(0, description="How much audio each worker may keep in memory.")


class FaceExamples(Spec):
    """Excerpts of mixtures, the faces of who speaks, and their voices."""

    runtime: ClassVar[frozenset[str]] = frozenset({"cache_megabytes"})

    kind: Literal["faces"] = "faces"
    input: str = Field("mix_clean", description="Signal that goes in.")
    n_src: PositiveInt = 2
    sample_rate: PositiveInt = 16000
    video_rate: PositiveInt = Field(25, description="Video frames a second.")
    segment_seconds: PositiveFloat = 3.0
    examples_per_epoch: PositiveInt | None = Field(None, description="null: one of each mixture.")
    valid_examples: PositiveInt | None = Field(None, description="null: one of each mixture.")
    cache_megabytes: NonNegativeInt = Field(0, description="How much audio each worker may keep in memory.")

    @model_validator(mode="after")
    def _frames_fit(self) -> FaceExamples:
        if self.sample_rate % self.video_rate:
            raise ValueError(f"expected a sample rate that is a multiple of {self.video_rate}, got {self.sample_rate}")
        return self
