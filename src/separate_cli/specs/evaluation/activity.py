"""Evaluation of voice activity detection."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from separate_cli.specs.evaluation.base import Evaluation
from separate_cli.specs.ranges import Probability

__all__ = ["ActivityEval"]


class ActivityEval(Evaluation):
    """Sample by sample: speech or not. F1, accuracy, precision and recall, in a recording and over all of them."""

    kind: Literal["activity"] = "activity"
    input: str = Field("mix_both", description="Signal that goes in.")
    mixtures: PositiveInt | None = Field(None, description="Only so many recordings, spread over the part. null: all.")
    whole_seconds: PositiveFloat = Field(60.0, description="Longer recordings are heard in chunks.")
    threshold: Probability = Field(0.5, description="From which probability on a sample counts as speech.")
    stability_seconds: NonNegativeFloat = Field(
        0.0, description="Shorter runs of speech and silence are smoothed away. 0: decisions as they are."
    )
