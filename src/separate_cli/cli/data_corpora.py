"""What ``sep data check`` and ``sep data convert`` take: a prepared folder, a recipe with its corpus, a list."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from separate_cli.errors import InputError, UsageError

if TYPE_CHECKING:
    from separate_cli.data.corpus import Corpus

__all__ = ["CorpusOption", "prepared_by", "roots_given"]

CorpusOption = Annotated[
    list[str] | None,
    typer.Option("--corpus", metavar="NAME=FOLDER", help="Where a corpus is that a list names. Repeatable."),
]


def roots_given(corpora: list[str] | None) -> dict[str, Path]:
    """Corpus name → folder, of the ``--corpus`` arguments.

    Raises:
        UsageError: If one is not of that form.
    """
    roots = {}
    for one in corpora or ():
        name, _, folder = one.partition("=")
        if not folder:
            raise UsageError(
                f"Expected NAME=FOLDER, got {one!r}.", hint="For example: --corpus librispeech=LibriSpeech"
            )
        roots[name] = Path(folder).expanduser()
    return roots


def prepared_by(recipe: str, overrides: list[str] | None, root: Path | None) -> Corpus:
    """The finished corpus of a recipe.

    Raises:
        UsageError: If the recipe has none.
        InputError: If it is not prepared.
    """
    from separate_cli.data.corpus import Corpus
    from separate_cli.pipeline.plan import make_plan
    from separate_cli.pipeline.stage import Source
    from separate_cli.recipes.load import load_recipe
    from separate_cli.report.console import out
    from separate_cli.settings import workspace
    from separate_cli.stages.assemble import assemble

    loaded = load_recipe(recipe, overrides or [])
    names = [section.name for section in loaded.sections if section.verb == "prepare"]
    if not names:
        raise UsageError(f"The recipe {recipe} prepares no corpus.", hint="Give the folder of the corpus.")
    plan = make_plan(assemble(loaded), workspace=workspace(root), run=loaded.name, until=names[0], progress=out)
    step = plan.steps[-1]
    if step.record is None:
        raise InputError(
            f"The corpus of {recipe} is not prepared: {step.reason}.", hint=f"sep data prepare --recipe {recipe}"
        )
    sources = {
        f"{names[0]}.{key}": plan.workspace / source.path
        for key, source in step.stage.inputs.items()
        if isinstance(source, Source)
    }
    return Corpus.of(names[0], {names[0]: step.record.folder, **sources})
