"""How DeMask's examples are made from clean speech: what is drawn, and how often.

clean --speed, colour, pauses, gain--> (with a room now and then) --> target
                       target --face mask, perhaps jittered--> (with noise now and then) --> mixture
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field, NonNegativeFloat, PositiveFloat, PositiveInt, field_validator

from separate_cli.specs.base import Spec
from separate_cli.specs.ranges import FloatRange, Probability

__all__ = ["MASKS", "DemaskExamples", "FilterTaps", "MaskNames", "RoomTarget"]

MaskName = Literal[
    "surgical",
    "KN95",
    "N95",
    "CottonJersey2L",
    "CottonPlain2L",
    "CottonSpandex3L",
    "CottonSpandex2L",
    "CottonDenim2L",
    "BedsheetPolyester2L",
]
MASKS: tuple[MaskName, ...] = get_args(MaskName)
"""The measured face masks, see ``data.facemask``."""

MaskNames = Annotated[tuple[MaskName, ...], Field(min_length=1)]
RoomTarget = Literal["reverberant", "early"]


def _odd(value: int) -> int:
    if value % 2 == 0:
        raise ValueError(f"expected an odd number, got {value}")
    return value


FilterTaps = Annotated[
    int, Field(ge=3, description="Length of the mask's filter; odd, so that its delay is whole."), AfterValidator(_odd)
]


class DemaskExamples(Spec):
    """Excerpts of speech with and without a face mask. Every number is drawn anew for every example."""

    kind: Literal["demask"] = "demask"
    sample_rate: PositiveInt = 16000
    segment_seconds: PositiveFloat = 4.0
    examples_per_epoch: PositiveInt | None = Field(None, description="None: one of each utterance.")
    valid_examples: PositiveInt | None = Field(None, description="Drawn once for all epochs. None: one an utterance.")

    speed: FloatRange = Field(FloatRange(min=0.95, max=1.05), description="Factor; the pitch moves with it.")
    gain_db: FloatRange = Field(FloatRange(min=-12, max=6), description="Level of the speech against the recording.")

    colour_probability: Probability = Field(
        0.0, description="How often the speech is equalised, so that the model does not take a dull voice for a mask."
    )
    colour_db: NonNegativeFloat = Field(4.0, description="Standard deviation of that equaliser, at each octave.")
    mute_probability: Probability = Field(0.0, description="How often pauses become digital silence, as gates do.")
    mute_below_db: FloatRange = Field(FloatRange(min=-55, max=-35), description="What is a pause, below the loudest.")

    masks: MaskNames = MASKS
    mask_taps: FilterTaps = 97
    identity_probability: Probability = Field(0.05, description="How often there is no mask: target and mixture agree.")
    jitter_probability: Probability = Field(0.5, description="How often the measured mask is bent.")
    jitter_db: FloatRange = Field(
        FloatRange(min=0, max=2), description="Standard deviation of the bend, at each measured point above 1 kHz."
    )

    room_probability: Probability = Field(0.0, description="How often there is a room, where the corpus has responses.")
    room_seconds: PositiveFloat = Field(1.0, description="Responses are cut to this length.")
    room_target: RoomTarget = Field(
        "reverberant", description="What the model shall give: all of the room's sound, or only its early part."
    )
    early_seconds: NonNegativeFloat = 0.05

    noise_probability: Probability = Field(0.0, description="How often there is noise, where the corpus has some.")
    noise_snr_db: FloatRange = Field(FloatRange(min=10, max=40), description="Speech behind the mask against noise.")

    @field_validator("speed")
    @classmethod
    def _forward(cls, value: FloatRange) -> FloatRange:
        if value.min <= 0:
            raise ValueError(f"expected speeds above 0, got {value.min}")
        return value

    @field_validator("jitter_db")
    @classmethod
    def _spread(cls, value: FloatRange) -> FloatRange:
        if value.min < 0:
            raise ValueError(f"expected a standard deviation of at least 0 dB, got {value.min}")
        return value
