"""From a recipe to the stages of a pipeline.

    Recipe --section by section--> Stage(name, spec.version, spec, run, inputs)

    inputs = folders of the stages named in ``spec.after`` + the user's files in fields marked ``Reads``
             + the files that those stages read: ``prepare.speech.librispeech.path``
    run    = ``separate_cli.stages.<verb>.run(spec, context)``, imported when the stage runs

So a dry run or a status never pays for torch, and a recipe is only data.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import import_module
from itertools import takewhile

from separate_cli.pipeline.stage import Source, Stage, StageContext
from separate_cli.recipes.recipe import Recipe, Section
from separate_cli.specs.base import StageSpec

__all__ = ["assemble", "with_trial"]


def assemble(recipe: Recipe) -> tuple[Stage, ...]:
    """The stages of a recipe, in order."""
    stages: dict[str, Stage] = {}
    for section in recipe.sections:
        stages[section.name] = _stage(section, stages)
    return tuple(stages.values())


def with_trial(stages: Sequence[Stage], *, name: str, verb: str, spec: StageSpec) -> tuple[Stage, ...]:
    """The stages up to ``train``, and in its place a trial of it that has the same inputs.

    Args:
        stages: Of a recipe that trains.
        name: What the trial is called among the results.
        verb: Its file in ``stages``.
        spec: Of the trial.
    """
    before = tuple(takewhile(lambda stage: stage.name != "train", stages))
    training = stages[len(before)]
    return (
        *before,
        replace(training, name=name, version=spec.version, spec=spec, run=_later(verb, spec), incidental=()),
    )


def _stage(section: Section, earlier: dict[str, Stage]) -> Stage:
    sources = {name: Source(path.expanduser(), patterns) for name, (path, patterns) in section.spec.sources().items()}
    # A manifest says which recordings there are; where they are now, and whether they changed, only the source knows.
    behind = {
        f"{name}.{key}": source
        for name in section.after
        for key, source in earlier[name].inputs.items()
        if isinstance(source, Source) and key in earlier[name].spec.sources()
    }
    return Stage(
        name=section.name,
        version=section.spec.version,
        spec=section.spec,
        run=_later(section.verb, section.spec),
        inputs={**{name: earlier[name] for name in section.after}, **behind, **sources},
        incidental=section.spec.incidental,
        shared=section.spec.shared,
    )


def _later(verb: str, spec: StageSpec) -> Callable[[StageContext], None]:
    def run(context: StageContext) -> None:
        import_module(f"separate_cli.stages.{verb}").run(spec, context)

    return run
