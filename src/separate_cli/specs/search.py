"""What ``sep search-hub`` may be asked for."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, PositiveInt, field_validator

from separate_cli.specs.base import Spec

__all__ = ["SearchSpec", "Threshold"]


class Threshold(Spec):
    """A score that a model must reach: ``si_sdr_imp>=10``, or ``wer<=20`` where less is better."""

    metric: str
    value: float
    at_most: bool = False

    @classmethod
    def parse(cls, text: str) -> Threshold:
        """Read a threshold; ``=`` and ``:`` mean ``>=``, which shells want quoted.

        Raises:
            ValueError: If it is none.

        >>> Threshold.parse("si_sdr >= 12.5")
        Threshold(metric='si_sdr', value=12.5, at_most=False)
        """
        found = re.fullmatch(r"\s*([\w\- ]+?)\s*(>=|<=|=|:)\s*([-+]?\d+(?:\.\d*)?)\s*", text)
        if found is None:
            raise ValueError("expected METRIC>=NUMBER, for example 'si_sdr_imp>=10'")
        return cls(metric=found[1], value=float(found[3]), at_most=found[2] == "<=")


class SearchSpec(Spec):
    """Which published models are wanted. Names are compared without case, spaces and punctuation; a part is enough."""

    query: str = Field("", description="Words that must all occur in what a model says about itself.")
    task: str = Field("", description="For example sep_clean, enh_single.")
    architecture: str = Field("", description="For example ConvTasNet.")
    dataset: str = Field("", description="For example Libri2Mix.")
    sample_rate: PositiveInt | None = Field(None, description="In Hz; below 1000 in kHz.")
    speakers: PositiveInt | None = Field(None, description="How many sources it separates.")
    licence: str = Field("", description="For example CC BY 4.0.")
    commercial: bool | None = Field(None, description="Whether licence and data allow commercial use. null: any.")
    min_scores: tuple[Threshold, ...] = Field((), description="Scores that must be reached: si_sdr_imp>=10.")
    sort: Literal["score", "name", "date", "downloads"] = "score"

    @field_validator("min_scores", mode="before")
    @classmethod
    def _read(cls, value: object) -> object:
        texts = [value] if isinstance(value, str) else value
        if not isinstance(texts, (list, tuple)):
            return value
        return tuple(Threshold.parse(one) if isinstance(one, str) else one for one in texts)

    @field_validator("sample_rate", mode="before")
    @classmethod
    def _in_hertz(cls, value: object) -> object:
        if isinstance(value, str):
            found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(k?)(?:hz)?\s*", value, re.IGNORECASE)
            value = float(found[1]) * (1000 if found[2] else 1) if found else value
        return round(value * 1000) if isinstance(value, (int, float)) and 0 < value < 1000 else value
