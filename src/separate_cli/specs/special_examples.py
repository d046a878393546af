"""Examples for trainings of their own kind: mixtures of mixtures, stems of different songs."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from separate_cli.specs.base import Spec
from separate_cli.specs.ranges import FloatRange, Probability

__all__ = ["PairExamples", "StemExamples"]


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
