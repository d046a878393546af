"""What ``sep eval`` may be asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from separate_cli.specs.base import Reads, Spec, StageSpec
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
    model: Annotated[Path | None, Reads()] = Field(None, description="Checkpoint to score; null: what train has made.")
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
    room_seconds: PositiveFloat = Field(2.0, description="Responses are cut to this length.")
    room_target: RoomTarget = "reverberant"
    early_seconds: NonNegativeFloat = 0.05
    oracle: bool = Field(False, description="Score the linear filter that knows the mask, too: the most to hope for.")
    saved_examples: NonNegativeInt = Field(5, description="So many examples are kept as audio.")
    seed: NonNegativeInt = 0

    device: str = Field("auto", description="auto, cpu, cuda, cuda:1, mps")
    workers: PositiveInt | None = Field(None, description="Processes that score. null: one a CPU.")

    def needs(self) -> tuple[str, ...]:
        """A model that is named need not be trained."""
        return ("prepare",) if self.model else self.after
