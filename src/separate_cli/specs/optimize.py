"""How a model learns: optimizer, learning-rate schedule, and the terms of the loss."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from separate_cli.specs.base import Spec
from separate_cli.specs.ranges import Probability

__all__ = [
    "ConstantRate",
    "CosineRate",
    "DPTNetRate",
    "LossTerm",
    "NoamRate",
    "OptimizerSpec",
    "PlateauRate",
    "ScheduleSpec",
    "StepRate",
]


class OptimizerSpec(Spec):
    """An optimizer by name, see ``engine.optimizers``."""

    name: str = "adam"
    lr: PositiveFloat = 1e-3
    weight_decay: NonNegativeFloat = 0.0
    args: dict[str, Any] = Field({}, description="Further arguments of the optimizer.")


_Shrink = Annotated[float, Field(gt=0, lt=1)]


class _Rate(Spec):
    """A learning-rate schedule. ``needs_total``: its course depends on how long the training is."""

    needs_total: ClassVar[bool] = False

    warmup_steps: NonNegativeInt = Field(0, description="Steps in which the rate climbs from 0 in a straight line.")


class ConstantRate(_Rate):
    """The same rate all along."""

    kind: Literal["constant"] = "constant"


class PlateauRate(_Rate):
    """The rate is multiplied by ``factor`` when the validation loss has not improved for ``patience_epochs``."""

    kind: Literal["plateau"] = "plateau"
    factor: _Shrink = 0.5
    patience_epochs: PositiveInt = 5
    cooldown_epochs: NonNegativeInt = Field(0, description="Epochs after a change in which none is counted.")
    min_lr: NonNegativeFloat = 0.0


class StepRate(_Rate):
    """The rate is multiplied by ``factor`` every so many epochs."""

    kind: Literal["step"] = "step"
    factor: _Shrink = 0.98
    every_epochs: PositiveInt = 2


class CosineRate(_Rate):
    """Half a cosine from the full rate to ``final_ratio`` of it over all epochs."""

    needs_total: ClassVar[bool] = True

    kind: Literal["cosine"] = "cosine"
    final_ratio: Probability = 0.01


class NoamRate(_Rate):
    """A straight climb, then one over the root of the step; ``optimizer.lr`` does not count."""

    kind: Literal["noam"] = "noam"
    d_model: PositiveInt = Field(64, description="Units of the layers; the rate is divided by its root.")
    warmup_steps: PositiveInt = 4000
    scale: PositiveFloat = 1.0


class DPTNetRate(_Rate):
    """DPTNet's: a straight climb, then ``exp_base`` times less every second epoch; ``optimizer.lr`` does not count."""

    kind: Literal["dptnet"] = "dptnet"
    d_model: PositiveInt = Field(64, description="Units of the layers; the climb is divided by its root.")
    warmup_steps: PositiveInt = 4000
    noam_scale: PositiveFloat = 1.0
    exp_max: PositiveFloat = 4e-4
    exp_base: _Shrink = 0.98


ScheduleSpec = Annotated[
    ConstantRate | PlateauRate | StepRate | CosineRate | NoamRate | DPTNetRate, Field(discriminator="kind")
]


class LossTerm(Spec):
    """One term of the loss, see ``losses``."""

    name: str | None = Field(None, description="Which loss; null: the key of this term in the recipe.")
    weight: float = 1.0
    source: NonNegativeInt | None = Field(None, description="Only this source counts, the first is 0. null: all.")
    args: dict[str, Any] = Field({}, description="Further arguments of the loss.")
