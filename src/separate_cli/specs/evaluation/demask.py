"""DeMask's evaluation: every test utterance, behind every mask, in every condition."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from separate_cli.specs.base import Spec
from separate_cli.specs.demask import MASKS, FilterTaps, MaskNames, RoomTarget
from separate_cli.specs.evaluation.base import Evaluation
from separate_cli.specs.ranges import FloatRange

__all__ = ["Condition", "DemaskEval"]


class Condition(Spec):
    """Under what circumstances the mask is worn. Left out where the corpus has no room responses or no noise."""

    room: bool = False
    noise_snr_db: FloatRange | None = Field(None, description="Noise at a level drawn from here. null: no noise.")


class DemaskEval(Evaluation):
    """Every test utterance, behind every mask, in every condition."""

    kind: Literal["demask"] = "demask"
    metrics: Annotated[tuple[str, ...], Field(min_length=1)] = ("si_sdr", "sdr", "stoi", "pesq", "lsd")
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
