"""What ``sep eval`` may be asked for."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, NonNegativeInt, PositiveInt

from separate_cli.specs.base import Spec, StageSpec
from separate_cli.specs.demask import MASKS, FilterTaps, MaskNames, RoomTarget
from separate_cli.specs.prepare import Part
from separate_cli.specs.ranges import FloatRange

__all__ = ["Condition", "EvalSpec"]


class Condition(Spec):
    """Under what circumstances the mask is worn. Left out where the corpus has no room responses or no noise."""

    room: bool = False
    noise_snr_db: FloatRange | None = Field(None, description="Noise at a level drawn from here. null: no noise.")


class EvalSpec(StageSpec):
    """Every test utterance, behind every mask, in every condition."""

    after: ClassVar[tuple[str, ...]] = ("prepare", "train")
    incidental: ClassVar[tuple[str, ...]] = ("examples/**",)
    runtime: ClassVar[frozenset[str]] = frozenset({"device", "workers"})

    kind: Literal["demask"] = "demask"
    metrics: Annotated[tuple[str, ...], Field(min_length=1)] = ("si_sdr", "sdr", "stoi", "pesq", "lsd")
    part: Part = "test"
    utterances: PositiveInt | None = Field(
        None, description="Only so many utterances, spread over the part. null: all."
    )
    masks: MaskNames = MASKS
    mask_taps: FilterTaps = 97
    conditions: dict[str, Condition] = Field(
        {
            "dry": Condition(),
            "reverberant": Condition(room=True),
            "noisy": Condition(noise_snr_db=FloatRange(min=10, max=30)),
        },
        min_length=1,
    )
    room_target: RoomTarget = "reverberant"
    saved_examples: NonNegativeInt = Field(5, description="So many examples are kept as audio.")
    resamples: PositiveInt = Field(2000, description="Bootstrap resamples behind the confidence intervals.")
    seed: NonNegativeInt = 0

    device: str = Field("auto", description="auto, cpu, cuda, cuda:1, mps")
    workers: NonNegativeInt = Field(0, description="Processes that score. 0: the process itself.")
