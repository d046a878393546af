"""Quick trials of a training before it is begun in earnest: can the model learn at all, and at which rate."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from separate_cli.specs.base import StageSpec
from separate_cli.specs.train import TrainSpec

__all__ = ["FindRateSpec", "OverfitSpec"]


class OverfitSpec(StageSpec):
    """Whether the model learns a few batches by heart; one that cannot has a fault that no data will mend."""

    after: ClassVar[tuple[str, ...]] = ("prepare",)

    train: TrainSpec
    batches: PositiveInt = 1
    most_steps: PositiveInt = Field(500, description="Give up after so many steps.")
    fall_db: PositiveFloat = Field(10.0, description="How far losses in dB have to fall, and below 0.")
    share: Annotated[float, Field(gt=0, lt=1)] = Field(0.3, description="What may be left of any other loss.")


class FindRateSpec(StageSpec):
    """How the loss falls while the learning rate climbs from step to step."""

    after: ClassVar[tuple[str, ...]] = ("prepare",)

    train: TrainSpec
    lowest: PositiveFloat = 1e-6
    highest: PositiveFloat = 1.0
    steps: Annotated[int, Field(ge=20)] = 100

    @model_validator(mode="after")
    def _upwards(self) -> FindRateSpec:
        if self.lowest >= self.highest:
            raise ValueError(f"expected lowest < highest, got {self.lowest} and {self.highest}")
        return self
