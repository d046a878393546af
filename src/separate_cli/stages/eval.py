"""Score a model: each kind of evaluation is a file in ``stages.evaluation`` with ``run(spec, context)``."""

from __future__ import annotations

from importlib import import_module

from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.eval import EvalSpec

__all__ = ["run"]


def run(spec: EvalSpec, context: StageContext) -> None:
    """Score all that has no row yet, then sum up.

    Raises:
        SpecError: If the evaluation cannot be made as asked.
        InputError: If there is nothing to score, the model cannot be read, or everything fails.
    """
    import_module(f"separate_cli.stages.evaluation.{spec.kind}").run(spec, context)
