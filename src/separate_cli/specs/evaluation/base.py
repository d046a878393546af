"""What all kinds of evaluation have in common: which model, which part of which corpus, how it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from separate_cli.specs.base import Reads, Spec, StageSpec
from separate_cli.specs.devices import DeviceName
from separate_cli.specs.prepare import CORPUS_SUFFIXES, Part
from separate_cli.specs.ranges import Seed
from separate_cli.specs.train import ModelSpec

__all__ = ["Evaluation", "PreparedFolder"]

_AUDIO = tuple(f"**/*{suffix}" for suffix in CORPUS_SUFFIXES)


class CorpusFolder(Spec):
    """Where a corpus is."""

    path: Annotated[Path, Reads(*_AUDIO)]


class PreparedFolder(Spec):
    """What ``sep data prepare`` has left, wherever it is now."""

    path: Annotated[Path, Reads("*.jsonl", "corpus.json", *_AUDIO)]
    roots: dict[str, CorpusFolder] = Field(
        {}, description="Where the corpora are that its lists mention by name, for example librispeech: {path: ...}."
    )


class Evaluation(StageSpec):
    """Which model is scored on what. Rows are kept as they come, so that a killed run goes on with the next one."""

    after: ClassVar[tuple[str, ...]] = ("prepare", "train")
    incidental: ClassVar[tuple[str, ...]] = ("examples/**",)
    runtime: ClassVar[frozenset[str]] = frozenset({"device", "workers"})

    model: Annotated[Path | None, Reads()] = Field(None, description="Checkpoint to score; null: what train has made.")
    baseline: ModelSpec | None = Field(None, description="Score a model that needs no training, such as CaCGMM.")
    data: PreparedFolder | None = Field(None, description="A prepared folder; null: what prepare has made.")
    part: Part = "test"
    saved_examples: NonNegativeInt = Field(5, description="So many examples are kept as audio.")
    seed: Seed = 0

    device: DeviceName = Field("auto", description="auto, cpu, cuda, cuda:1, mps")
    workers: PositiveInt | None = Field(None, description="Processes that score. null: one a CPU.")

    def needs(self) -> tuple[str, ...]:
        """A model that is named need not be trained, a folder that is named not be prepared."""
        given = {"prepare"} if self.data else set()
        given |= {"train"} if self.model or self.baseline else set()
        return tuple(stage for stage in self.after if stage not in given)

    @model_validator(mode="after")
    def _one_model(self) -> Evaluation:
        if self.model and self.baseline:
            raise ValueError("expected a model or a baseline, got both")
        return self
