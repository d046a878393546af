"""The parts of a recipe's trainings, made once before anything is fetched or prepared: wrong arguments come first.

Recipe --every training: device, model on no memory, loss, optimizer of a toy--> all that cannot be made

Fields and names are checked by ``recipes``, without torch; what a model, a loss or an optimizer takes, only it knows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from separate_cli.errors import Fault, SepError, SpecError
from separate_cli.pipeline.record import read_record
from separate_cli.recipes.node import Node
from separate_cli.recipes.recipe import Recipe, Section
from separate_cli.specs.base import StageSpec
from separate_cli.specs.train import TrainSpec

__all__ = ["refuse_the_impossible"]

_T = TypeVar("_T")
_FIELD = re.compile(r"^train(\.\w+)*: ")
"""How messages of ``parts`` begin; a fault has its field already."""


def refuse_the_impossible(recipe: Recipe, origins: Node, run: Path, *, until: str | None = None) -> None:
    """Stop if a training of the recipe cannot be made as asked.

    Args:
        recipe: The recipe.
        origins: Its data, for the places of what is wrong.
        run: Folder of the run. What has been trained before is not looked at again.
        until: Only this stage and those that it needs.

    Raises:
        SpecError: With all that is wrong, each with its place.
    """
    faults = []
    for section in _needed(recipe, until):
        if isinstance(section.spec, TrainSpec) and not _is_proven(section.spec, run / section.name):
            for path, problem in _faults(section.spec):
                where, found = origins.locate([section.name, *path])
                faults.append(Fault(where, ".".join(found), problem))
    if faults:
        count = "one fault" if len(faults) == 1 else f"{len(faults)} faults"
        raise SpecError(
            f"The recipe {recipe.name} cannot be trained: {count}.",
            faults=tuple(faults),
            hint="Change it in the recipe, or with --set.",
        )


def _needed(recipe: Recipe, until: str | None) -> list[Section]:
    needed = {section.name for section in recipe.sections} if until is None else {until}
    found = []
    for section in reversed(recipe.sections):
        if section.name in needed:
            needed.update(section.after)
            found.append(section)
    return found[::-1]


def _is_proven(spec: StageSpec, results: Path) -> bool:
    """Whether a result was made by this very spec."""
    records = (read_record(folder) for folder in results.glob("*"))
    return any(record is not None and record.spec == spec.identity() for record in records)


def _faults(spec: TrainSpec) -> Iterator[tuple[list[str], str]]:
    """Path within the section, and what is wrong; at most one a part."""
    import torch  # after the names are known to be right: this takes seconds

    from separate_cli.engine.objective import Objective
    from separate_cli.inference.device import choose_device
    from separate_cli.stages.parts import blaming, check_precision

    faults: list[tuple[list[str], str]] = []

    def made(part: list[str], make: Callable[[], _T], args: Mapping[str, Any] = MappingProxyType({})) -> _T | None:
        try:
            with blaming("train"):
                return make()
        except SepError as error:
            problem = _FIELD.sub("", error.message)
            faults.append(([*part, *_culprit(args, problem)], problem))
            return None

    device = made(["device"], lambda: choose_device(spec.device)) or torch.device("cpu")
    made(["precision"], lambda: check_precision(spec, device))
    model = made(["model"], lambda: _sketch(spec), spec.model.args)
    terms = [made(["loss", key], partial(Objective, {key: term}), term.args) for key, term in spec.loss.items()]
    if model is not None and None not in terms:
        made(["objective"], lambda: _check_objective(spec, model))
    made(["optimizer"], lambda: _one_step(spec, device), spec.optimizer.args)
    yield from faults


def _culprit(args: Mapping[str, Any], problem: str) -> list[str]:
    """The rest of the path: the argument that the sentence names first, before those that are close to it."""
    named = [word for word in re.findall(r"\w+", problem) if word in args]
    return ["args", *named[:1]] if args else []


def _sketch(spec: TrainSpec) -> Any:
    """The model on no memory; a constructor that has to compute is given some."""
    import torch

    from separate_cli.stages.parts import make_model

    try:
        with torch.device("meta"):
            return make_model(spec)
    except SepError:
        return make_model(spec)


def _check_objective(spec: TrainSpec, model: Any) -> None:
    """Whether the model has what the objective needs of it."""
    if spec.objective.kind == "waves":
        return
    from separate_cli.engine.objective import Objective
    from separate_cli.engine.objectives import Guided, make_objective

    objective = make_objective(spec.objective, Objective(spec.loss))
    if isinstance(objective, Guided):
        objective.check(model)


def _one_step(spec: TrainSpec, device: Any) -> None:
    """Make the optimizer of a toy; torch's own also make a step, in which they first look at some arguments."""
    import torch

    from separate_cli.stages.parts import make_optimizer_for

    weight = torch.nn.Parameter(torch.zeros(2, 2, device=device))
    optimizer = make_optimizer_for([weight], spec, device)
    if type(optimizer).__module__.startswith("torch."):
        weight.grad = torch.ones_like(weight)
        optimizer.step()
