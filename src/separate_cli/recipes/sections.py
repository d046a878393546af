"""Which spec validates which section of a recipe: one row a verb.

A new verb is a row here, a file in ``specs``, and a file of the same stem in ``stages`` with ``run(spec, context)``.
Kinds of one verb (a corpus each, say) are a union in the spec's file, told apart by a ``Literal`` field.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["SECTIONS", "section_type"]

SECTIONS: dict[str, str] = {
    "prepare": "separate_cli.specs.corpora:PrepareSpec",
    "train": "separate_cli.specs.train:TrainSpec",
    "eval": "separate_cli.specs.eval:EvalSpec",
}
"""Verb → ``module:name`` of a ``StageSpec``, or of an annotated union of several."""


def section_type(verb: str) -> Any:
    """The spec class (or annotated union) that validates sections of ``verb``.

    Raises:
        KeyError: If there is no such verb.
    """
    module, _, name = SECTIONS[verb].partition(":")
    return getattr(import_module(module), name)
