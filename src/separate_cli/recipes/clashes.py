"""Sections that do not fit each other, found before anything is loaded: rates, numbers of sources, signals.

Recipe --every rule--> (path of the field, what is wrong)

A section is looked at only for fields that its kind has; what a model's constructor assumes by itself is unknown here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from separate_cli.data.tasks import TASKS
from separate_cli.recipes.recipe import Recipe, Section
from separate_cli.specs.base import Spec
from separate_cli.specs.train import TrainSpec

__all__ = ["clashes"]

Clash = tuple[list[str], str]


def clashes(recipe: Recipe) -> Iterator[Clash]:
    """Where a recipe contradicts itself: the path of a field, and the sentence that says why it cannot be."""
    corpus = next((section for section in recipe.sections if section.verb == "prepare"), None)
    for section in recipe.sections:
        spec = section.spec
        if isinstance(spec, TrainSpec):
            examples = [section.name, "examples"]
            yield from _model(section.name, spec)
            yield from _parents(section, recipe)
            yield from _corpus(examples, spec.examples, corpus)
        elif section.verb == "eval" and corpus is not None and getattr(spec, "data", None) is None:
            yield from _signals([section.name], spec, corpus)


def _model(stage: str, spec: TrainSpec) -> Iterator[Clash]:
    """A model and its examples."""
    args, path = spec.model.args, [stage, "model", "args"]
    rate, known = args.get("sample_rate"), getattr(spec.examples, "sample_rate", None)
    if rate is not None and known is not None and rate != known:
        yield [*path, "sample_rate"], f"expected {known} Hz, as {stage}.examples.sample_rate, got {rate} Hz"
    number, wanted = args.get("n_src"), getattr(spec.examples, "n_src", None)
    if number is not None and wanted is not None and number != wanted:
        yield [*path, "n_src"], f"expected {wanted} source(s), as {stage}.examples.n_src, got {number}"


def _parents(section: Section, recipe: Recipe) -> Iterator[Clash]:
    """An earlier training that weights come from."""
    parent = getattr(section.spec, "start_from", None)
    if parent is None:
        return
    trained = [other.name for other in recipe.sections if other.verb == "train" and other.name != section.name]
    if parent not in trained:
        names = f"one of {', '.join(trained)}" if trained else "null, as nothing else is trained"
        yield [section.name, "start_from"], f"expected {names}, got {parent}"


def _corpus(path: list[str], examples: Spec, corpus: Section | None) -> Iterator[Clash]:
    """Examples and the corpus that they are of."""
    if corpus is None or getattr(examples, "kind", "") not in {"mixtures", "pairs", "stems"}:
        return
    rate, made = getattr(examples, "sample_rate", None), getattr(corpus.spec, "sample_rate", None)
    if rate is not None and made is not None and rate != made:
        yield [*path, "sample_rate"], f"expected {made} Hz, as {corpus.name}.sample_rate, got {rate} Hz"
    number, there = getattr(examples, "n_src", None), getattr(corpus.spec, "n_src", None)
    takes_all = str(getattr(examples, "task", "")).startswith("sep_") and not getattr(examples, "targets", ())
    there = max((there, *getattr(corpus.spec, "also", ()))) if isinstance(there, int) else None
    if takes_all and isinstance(number, int) and there is not None and number < there:
        yield [*path, "n_src"], f"expected at least {there} sources, as {corpus.name}.n_src, got {number}"
    yield from _signals(path, examples, corpus)


def _signals(path: list[str], wish: Spec, corpus: Section) -> Iterator[Clash]:
    """The signal that goes in, where the corpus says which mixtures it makes."""
    made = getattr(corpus.spec, "types", None)
    task: Any = getattr(wish, "task", None)
    heard = getattr(wish, "input", None) or (TASKS[task].input if task in TASKS else None)
    if made is None or heard is None or heard in made or not heard.startswith("mix_"):
        return
    field = "input" if getattr(wish, "input", None) else "task"
    names = ", ".join(str(name) for name in made)
    yield [*path, field], f"it takes {heard}, which {corpus.name}.types does not make: {names}"
