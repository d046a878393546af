"""What ``sep train`` may be asked for."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt

from separate_cli.specs.base import Spec, StageSpec
from separate_cli.specs.demask import DemaskExamples
from separate_cli.specs.optimize import LossTerm, OptimizerSpec, PlateauRate, ScheduleSpec

__all__ = ["ModelSpec", "TrainSpec"]


class ModelSpec(Spec):
    """A model class by name and the arguments of its constructor, see ``models``."""

    name: str
    args: dict[str, Any] = Field({}, description="Arguments of its constructor.")


class TrainSpec(StageSpec):
    """Everything that decides the weights. Raise ``epochs`` or ``patience_epochs`` later and the same run goes on."""

    after: ClassVar[tuple[str, ...]] = ("prepare",)
    incidental: ClassVar[tuple[str, ...]] = ("resume.ckpt", "curves.*", "tensorboard/**")
    budget: ClassVar[frozenset[str]] = frozenset({"epochs", "patience_epochs"})
    runtime: ClassVar[frozenset[str]] = frozenset({"device", "workers", "checkpoint_minutes", "tensorboard"})

    examples: DemaskExamples = DemaskExamples()
    model: ModelSpec
    loss: dict[str, LossTerm] = Field(min_length=1, description="Terms of the loss by name; their weighted sum counts.")
    optimizer: OptimizerSpec = OptimizerSpec()
    schedule: ScheduleSpec = PlateauRate()

    batch_size: PositiveInt = 16
    accumulate_batches: PositiveInt = Field(1, description="Batches whose gradients are added up before a step.")
    clip_norm: PositiveFloat | None = Field(5.0, description="Largest norm of the gradient. null: no limit.")
    ema_decay: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        None, description="Average the weights over the steps with this memory; the average is validated and kept."
    )
    precision: Literal["32", "bf16", "16"] = Field("32", description="Number type of the model; losses stay at 32 bit.")
    seed: NonNegativeInt = 0

    epochs: PositiveInt = 100
    patience_epochs: PositiveInt | None = Field(30, description="Stop after so many epochs without improvement.")

    device: str = Field("auto", description="auto, cpu, cuda, cuda:1, mps")
    workers: NonNegativeInt | None = Field(
        None, description="Processes that make examples. 0: the training process itself. null: by the number of CPUs."
    )
    checkpoint_minutes: PositiveFloat = Field(5.0, description="How much work a kill may cost.")
    tensorboard: bool = True

    def budget_fields(self) -> frozenset[str]:
        """A schedule over the whole training makes the number of epochs part of the result."""
        return self.budget - {"epochs"} if self.schedule.needs_total else self.budget
