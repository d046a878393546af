"""What ``sep train`` may be asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    BeforeValidator,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    ValidationInfo,
    field_validator,
    model_validator,
)

from separate_cli.specs.base import Reads, Spec, StageSpec
from separate_cli.specs.demask import DemaskExamples
from separate_cli.specs.devices import DeviceName, Strategy
from separate_cli.specs.examples import ExamplesSpec
from separate_cli.specs.objectives import ObjectiveSpec, WavesObjective
from separate_cli.specs.optimize import LossTerm, OptimizerSpec, PlateauRate, ScheduleSpec
from separate_cli.specs.ranges import Seed

__all__ = ["ModelSpec", "Precision", "TrainSpec"]


def _as_text(value: Any) -> Any:
    """YAML takes 32 for a number."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Precision = Annotated[Literal["32", "bf16", "16"], BeforeValidator(_as_text)]


class ModelSpec(Spec):
    """A model class by name and the arguments of its constructor, see ``models``."""

    name: str
    args: dict[str, Any] = Field({}, description="Arguments of its constructor.")


class TrainSpec(StageSpec):
    """Everything that decides the weights. Raise ``epochs`` or ``patience_epochs`` later and the same run goes on."""

    after: ClassVar[tuple[str, ...]] = ("prepare",)
    incidental: ClassVar[tuple[str, ...]] = (
        "resume.ckpt",
        "curves.*",
        "tensorboard/**",
        "samples/**",
        "best/**",
        "profile/**",
        "environment.json",
        "recipe.json",
    )
    budget: ClassVar[frozenset[str]] = frozenset({"epochs", "patience_epochs"})
    runtime: ClassVar[frozenset[str]] = frozenset(
        {
            "device",
            "devices",
            "num_nodes",
            "strategy",
            "workers",
            "compile",
            "checkpoint_minutes",
            "keep_best",
            "tensorboard",
            "samples",
            "profiler",
        }
    )

    examples: ExamplesSpec = DemaskExamples()
    model: ModelSpec
    start_from: str | None = Field(None, description="An earlier training of the recipe whose weights to begin with.")
    checkpoint: Annotated[Path | None, Reads()] = Field(None, description="A model file whose weights to begin with.")
    objective: ObjectiveSpec = Field(WavesObjective(), description="What the terms of the loss compare.")
    loss: dict[str, LossTerm] = Field({}, description="Terms of the loss by name; their weighted sum counts.")
    optimizer: OptimizerSpec = OptimizerSpec()
    schedule: ScheduleSpec = PlateauRate()

    batch_size: PositiveInt = Field(16, description="Examples a batch, of all devices together.")
    accumulate_batches: PositiveInt = Field(1, description="Batches whose gradients are added up before a step.")
    clip_norm: PositiveFloat | None = Field(5.0, description="Largest norm of the gradient. null: no limit.")
    ema_decay: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        None, description="Average the weights over the steps with this memory; the average is validated and kept."
    )
    swa_from_epoch: PositiveInt | None = Field(
        None, description="Average the weights at the ends of the epochs from this one on; the mean is kept."
    )
    average_best: Annotated[int, Field(ge=2)] | None = Field(
        None, description="In the end, take the mean of so many best epochs' weights if it validates better."
    )
    precision: Precision = Field("32", description="Number type of the model; losses stay at 32 bit.")
    seed: Seed = 0

    epochs: PositiveInt = 100
    patience_epochs: PositiveInt | None = Field(30, description="Stop after so many epochs without improvement.")

    device: DeviceName = Field("auto", description="auto, cpu, cuda, cuda:1, mps, xla")
    devices: PositiveInt | Literal["auto"] = Field(1, description="How many of them on each machine. auto: all.")
    num_nodes: PositiveInt = Field(1, description="Machines; with more than one, start with torchrun or srun.")
    strategy: Strategy = Field("auto", description="How several devices train.")
    workers: NonNegativeInt | None = Field(
        None, description="Processes that make examples. 0: the training process itself. null: by the number of CPUs."
    )
    compile: bool = Field(False, description="Compile the model first; pays in long trainings.")
    checkpoint_minutes: PositiveFloat = Field(5.0, description="How much work a kill may cost.")
    keep_best: PositiveInt = Field(1, description="How many best epochs' models to keep, in best/.")
    tensorboard: bool = True
    samples: NonNegativeInt = Field(3, description="Validation examples to listen to, in samples/ and TensorBoard.")
    profiler: Literal["simple", "advanced", "pytorch"] | None = Field(None, description="Say where the time goes.")

    def budget_fields(self) -> frozenset[str]:
        """A schedule over the whole training makes the number of epochs part of the result."""
        return self.budget - {"epochs"} if self.schedule.needs_total else self.budget

    def needs(self) -> tuple[str, ...]:
        """The corpus, and the training to begin with."""
        return self.after if self.start_from is None else (*self.after, self.start_from)

    @field_validator("loss")
    @classmethod
    def _something_to_learn(cls, loss: dict[str, LossTerm], info: ValidationInfo) -> dict[str, LossTerm]:
        objective = info.data.get("objective")
        if objective is None or not objective.needs_terms:
            return loss
        if not loss:
            raise ValueError("expected at least one term, such as pairwise_neg_sisdr: {}")
        if not any(term.weight for term in loss.values()):
            raise ValueError("expected a term whose weight is not 0; there is nothing to learn")
        return loss

    @model_validator(mode="after")
    def _one_beginning(self) -> TrainSpec:
        if self.start_from is not None and self.checkpoint is not None:
            raise ValueError("expected start_from or checkpoint, not both")
        return self

    @model_validator(mode="after")
    def _one_average(self) -> TrainSpec:
        if self.ema_decay is not None and self.swa_from_epoch is not None:
            raise ValueError("expected ema_decay or swa_from_epoch, not both: one average takes the weights' place")
        return self

    @model_validator(mode="after")
    def _lengths_agree(self) -> TrainSpec:
        if self.examples.segment_seconds is None and self.batch_size > 1:
            raise ValueError(
                f"expected batch_size 1 where examples.segment_seconds is null, got {self.batch_size}: "
                "whole mixtures differ in length"
            )
        return self
