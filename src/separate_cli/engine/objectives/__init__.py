"""Objectives that need more of a model than its estimates, one file a kind.

ObjectiveSpec, terms --make_objective--> Guided | Objective
Guided: batch = (inputs, references) --forward(model, inputs, references)--> loss
"""

from __future__ import annotations

from importlib import import_module

from separate_cli.engine.objective import Objective
from separate_cli.engine.objectives.guided import Guided
from separate_cli.specs.objectives import ObjectiveSpec

__all__ = ["Guided", "make_objective"]

_WHERE: dict[str, str] = {
    "array": "array:Array",
    "clustering": "clustering:Clustering",
    "counting": "counting:Counting",
    "faces": "faces:Faces",
    "filterbank": "two_step:Filterbank",
    "frames": "frames:Frames",
    "latents": "two_step:Latents",
    "stems": "stems:Stems",
}
"""Kind → file and class."""


def make_objective(spec: ObjectiveSpec, terms: Objective) -> Objective | Guided:
    """What training makes small.

    Args:
        spec: What the terms are given.
        terms: Of the loss.
    """
    if spec.kind == "waves":
        return terms
    file, _, name = _WHERE[spec.kind].partition(":")
    guided: Guided = getattr(import_module(f"{__name__}.{file}"), name)(spec, terms)
    return guided
