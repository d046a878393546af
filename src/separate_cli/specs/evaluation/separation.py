"""Evaluation on prepared mixtures: separation, enhancement, stems of music, unknown numbers of speakers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from separate_cli.specs.evaluation.base import Evaluation
from separate_cli.specs.examples import TaskName

__all__ = ["CountingEval", "FacesEval", "MixtureEval", "MusicEval", "SeparationEval"]

MetricNames = Annotated[tuple[str, ...], Field(min_length=1)]


class MixtureEval(Evaluation):
    """Every test mixture, whole, at the model's sample rate."""

    task: TaskName = "sep_clean"
    input: str | None = Field(None, description="Signal that goes in, in place of the task's.")
    targets: tuple[str, ...] = Field(
        (), description="Signals that are wanted. None: what the model's sources are called, else the task's."
    )
    mixtures: PositiveInt | None = Field(None, description="Only so many mixtures, spread over the part. null: all.")
    channel: NonNegativeInt = Field(0, description="Which microphone counts, and what a single-channel model hears.")
    whole_seconds: PositiveFloat = Field(60.0, description="Longer mixtures are separated in chunks.")


class SeparationEval(MixtureEval):
    """Estimates in the order that suits them best, by SI-SDR, unless the model names its sources."""

    kind: Literal["separation"] = "separation"
    metrics: MetricNames = ("si_sdr", "sdr", "sir", "sar", "stoi")
    by: str | None = Field(None, description="A fact of the mixtures, such as n_src, that they are told apart by.")


class FacesEval(MixtureEval):
    """Estimates of a model that sees faces beside the mixture, in their order."""

    kind: Literal["faces"] = "faces"
    metrics: MetricNames = ("si_sdr", "sdr", "stoi")
    by: str | None = Field(None, description="A fact of the mixtures, such as n_src, that they are told apart by.")


class MusicEval(MixtureEval):
    """Stems by name; a track's score is the median over its frames, a stem's the median over the tracks."""

    kind: Literal["music"] = "music"
    task: TaskName = "sep_music"
    metrics: MetricNames = ("sdr_v4", "isr_v4", "sir_v4", "sar_v4")


class CountingEval(MixtureEval):
    """Mixtures of an unknown number of speakers: how often the model counts right, and how well it separates then."""

    kind: Literal["counting"] = "counting"
    metrics: MetricNames = ("si_sdr", "sdr")
    penalty_db: NonNegativeFloat = Field(
        30.0, description="What a speaker too many or too few costs in the penalised SI-SDR."
    )
