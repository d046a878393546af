"""What a separator is trained on: excerpts of prepared mixtures, or mixtures that are drawn anew for every epoch."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import (
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    field_validator,
    model_validator,
)

from separate_cli.specs.base import Spec
from separate_cli.specs.demask import DemaskExamples, RoomTarget
from separate_cli.specs.ranges import FloatRange, Probability
from separate_cli.specs.special_examples import (
    ActivityExamples,
    ArrayExamples,
    FaceExamples,
    PairExamples,
    StemExamples,
)

__all__ = ["ExamplesSpec", "MixtureExamples", "RemixExamples", "TaskName"]

TaskName = Literal[
    "sep_clean",
    "sep_noisy",
    "sep_reverb",
    "sep_reverb_noisy",
    "enh_single",
    "enh_both",
    "enh_vocal",
    "sep_vocal",
    "sep_music",
    "sep_sounds",
]
"""Which signal goes in and which are wanted, see ``data.tasks``."""


class MixtureExamples(Spec):
    """Excerpts of the mixtures of a prepared corpus."""

    runtime: ClassVar[frozenset[str]] = frozenset({"cache_megabytes"})

    kind: Literal["mixtures"] = "mixtures"
    task: TaskName = "sep_clean"
    n_src: PositiveInt = Field(2, description="Number of targets; where a mixture has fewer, the others are silent.")
    sample_rate: PositiveInt = 8000
    segment_seconds: PositiveFloat | None = Field(3.0, description="Length of each excerpt. null: whole mixtures.")
    short: Literal["drop", "pad"] = Field(
        "drop", description="Mixtures that are shorter than an excerpt: leave out, or end in silence."
    )
    examples_per_epoch: PositiveInt | None = Field(None, description="null: one of each mixture.")
    valid_examples: PositiveInt | None = Field(
        None, description="Drawn once for all epochs. null: one of each mixture."
    )

    input: str | None = Field(None, description="Signal that goes in, in place of the task's.")
    targets: tuple[str, ...] = Field((), description="Signals that are wanted, in place of the task's.")
    channels: Literal["first", "mean", "all"] = Field("first", description="What the model hears of several channels.")
    normalize: bool = Field(False, description="Divide input and targets by the input's standard deviation.")
    cache_megabytes: NonNegativeInt = Field(0, description="How much audio each worker may keep in memory.")


class RemixExamples(Spec):
    """Mixtures that are made of clean recordings while training: other partners and levels in each epoch."""

    runtime: ClassVar[frozenset[str]] = frozenset({"cache_megabytes"})

    kind: Literal["remix"] = "remix"
    mix_from: Literal["speech", "mixtures"] = Field(
        "speech", description="What is mixed: the recordings of speech, or the targets of the training mixtures."
    )
    n_src: PositiveInt = 2
    fewest_src: PositiveInt | None = Field(
        None, description="Mix so many to n_src; the others are silent. null: n_src."
    )
    sample_rate: PositiveInt = 8000
    segment_seconds: PositiveFloat = 3.0
    examples_per_epoch: PositiveInt | None = Field(None, description="null: one that begins with each recording.")
    valid_examples: PositiveInt | None = Field(None, description="null: one of each prepared mixture or recording.")
    valid_task: TaskName | None = Field(
        None,
        description="How prepared mixtures validate. null: sep_noisy if there is noise in training, else sep_clean.",
    )

    level_db: FloatRange = Field(
        FloatRange(min=-27.5, max=-22.5), description="Level of each source where it is active, against full scale."
    )
    speed: FloatRange = Field(FloatRange(min=1, max=1), description="Factor; the pitch moves with it.")
    reverse_probability: Probability = Field(
        0.0, description="How often a recording is played backwards: the same voice, other words."
    )
    colour_probability: Probability = Field(
        0.0, description="How often a recording is equalised, as by another microphone or another voice."
    )
    colour_db: NonNegativeFloat = Field(4.0, description="Standard deviation of that equaliser, at each octave.")
    band_probability: Probability = Field(
        0.0, description="How often a mixture ends below half the sample rate, as converters of rates make it."
    )
    band_share: FloatRange = Field(FloatRange(min=0.8, max=0.99), description="Share of the band that is left then.")
    overlap: FloatRange = Field(
        FloatRange(min=1, max=1), description="Share of each source that sounds together with the next. 0: in turn."
    )
    max_peak: PositiveFloat = Field(0.9, description="Mixtures that are louder are turned down, with their sources.")

    room_probability: Probability = Field(0.0, description="How often there is a room, where the corpus has responses.")
    room_seconds: PositiveFloat = Field(1.0, description="Responses are cut to this length.")
    room_target: RoomTarget = Field("early", description="What is wanted: all of the room's sound, or its early part.")
    early_seconds: NonNegativeFloat = Field(0.0, description="What of it is early. 0: only the direct sound.")

    noise_probability: Probability = Field(0.0, description="How often there is noise, where the corpus has some.")
    noise_snr_db: FloatRange = Field(FloatRange(min=-6, max=3), description="Loudest source against noise.")
    cache_megabytes: NonNegativeInt = Field(0, description="How much audio each worker may keep in memory.")

    @field_validator("speed")
    @classmethod
    def _forward(cls, value: FloatRange) -> FloatRange:
        if value.min <= 0:
            raise ValueError(f"expected speeds above 0, got {value.min}")
        return value

    @field_validator("band_share")
    @classmethod
    def _inside(cls, value: FloatRange) -> FloatRange:
        if value.min <= 0 or value.max >= 1:
            raise ValueError(f"expected shares between 0 and 1, got {value.min} to {value.max}")
        return value

    @field_validator("overlap")
    @classmethod
    def _share(cls, value: FloatRange) -> FloatRange:
        if value.min < 0 or value.max > 1:
            raise ValueError(f"expected shares from 0 to 1, got {value.min} to {value.max}")
        return value

    @model_validator(mode="after")
    def _enough(self) -> RemixExamples:
        if self.fewest_src is not None and self.fewest_src > self.n_src:
            raise ValueError(f"expected fewest_src <= n_src, got {self.fewest_src} > {self.n_src}")
        return self


ExamplesSpec = Annotated[
    DemaskExamples
    | MixtureExamples
    | RemixExamples
    | PairExamples
    | StemExamples
    | ActivityExamples
    | ArrayExamples
    | FaceExamples,
    Field(discriminator="kind"),
]
"""What ``train.examples`` may be, told apart by ``kind``."""
