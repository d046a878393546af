"""Ranges that a recipe gives, that data is drawn from, and that single numbers lie in."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from separate_cli.specs.base import Spec

__all__ = ["FloatRange", "Probability", "Seed"]

Probability = Annotated[float, Field(ge=0.0, le=1.0)]
Seed = Annotated[int, Field(ge=0, lt=2**63)]
"""Of random numbers. torch takes no larger one."""


class FloatRange(Spec):
    """All numbers from ``min`` to ``max``. In a recipe: ``{min: 5, max: 20}``, ``[5, 20]``, or one number for both.

    >>> FloatRange.model_validate([5, 20])
    FloatRange(min=5.0, max=20.0)
    >>> FloatRange.model_validate(10)
    FloatRange(min=10.0, max=10.0)
    """

    min: float
    max: float

    @model_validator(mode="before")
    @classmethod
    def _from_short_form(cls, value: Any) -> Any:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return {"min": value, "max": value}
        if isinstance(value, (list, tuple)) and len(value) == 2:
            return {"min": value[0], "max": value[1]}
        return value

    @model_validator(mode="after")
    def _in_order(self) -> FloatRange:
        if self.min > self.max:
            raise ValueError(f"expected min <= max, got {self.min} > {self.max}")
        return self
