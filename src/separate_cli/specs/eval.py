"""What ``sep eval`` may be asked for: a union of kinds, told apart by ``kind``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from separate_cli.specs.evaluation.activity import ActivityEval
from separate_cli.specs.evaluation.demask import DemaskEval
from separate_cli.specs.evaluation.separation import CountingEval, FacesEval, MusicEval, SeparationEval

__all__ = ["EvalSpec"]

EvalSpec = Annotated[
    SeparationEval | MusicEval | CountingEval | ActivityEval | FacesEval | DemaskEval, Field(discriminator="kind")
]
