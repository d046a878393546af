"""``sep data check``: is a corpus whole?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from separate_cli.cli.choices import RootOption, SetOption
from separate_cli.errors import InputError, PartialFailure, UsageError

if TYPE_CHECKING:
    from separate_cli.data.check import Checked, Expected

__all__ = ["check"]

TargetArgument = Annotated[
    str,
    typer.Argument(
        metavar="FOLDER|RECIPE|LIST",
        help="A folder of audio, a prepared folder, a recipe whose corpus is prepared, or a list (.jsonl).",
        show_default=False,
    ),
]
CorpusOption = Annotated[
    list[str] | None,
    typer.Option("--corpus", metavar="NAME=FOLDER", help="Where a corpus is that a list names. Repeatable."),
]
AllowOption = Annotated[
    list[str] | None, typer.Option("--allow", metavar="KIND", help="Do not count this kind of fault. Repeatable.")
]
ExecutorOption = Annotated[
    str | None, typer.Option("--executor", metavar="WHO", help="local, local:4 or dask:ADDRESS (default: by number).")
]


def check(
    target: TargetArgument,
    *,
    corpus: CorpusOption = None,
    allow: AllowOption = None,
    executor: ExecutorOption = None,
    overrides: SetOption = None,
    root: RootOption = None,
) -> None:
    """Decode every file of a corpus and report what is missing, damaged, silent, clipped, or there twice.

    Example: sep data check LibriSpeech --allow clipped
    """
    import hashlib

    from separate_cli.data.check import KINDS
    from separate_cli.data.check import check as check_files
    from separate_cli.report.console import out
    from separate_cli.settings import cache_folder

    if strange := set(allow or ()) - set(KINDS):
        raise UsageError(f"Unknown kind of fault: {', '.join(sorted(strange))}.", hint=f"Known: {', '.join(KINDS)}.")
    files = _files(target, corpus or [], overrides or [], root)
    name = hashlib.sha256("\n".join(str(file.path.absolute()) for file in files).encode()).hexdigest()[:16]
    found = check_files(files, cache_folder() / "checks" / f"{name}.jsonl", executor=executor, progress=out)
    _show(found, set(allow or ()))


def _files(target: str, corpora: list[str], overrides: list[str], root: Path | None) -> list[Expected]:
    """What ``target`` names: a list, a prepared folder, a folder of audio, or a recipe's corpus."""
    from separate_cli.data.check_lists import LISTS, expected_of_corpus, expected_of_folder, expected_of_list
    from separate_cli.data.corpus import Corpus

    roots = {}
    for one in corpora:
        name, _, folder = one.partition("=")
        if not folder:
            raise UsageError(
                f"Expected NAME=FOLDER, got {one!r}.", hint="For example: --corpus librispeech=LibriSpeech"
            )
        roots[name] = Path(folder).expanduser()
    path = Path(target).expanduser()
    if path.is_file() and path.suffix == ".jsonl":
        return expected_of_list(path, roots)
    if path.is_dir():
        is_prepared = any((path / name).exists() for name in LISTS)
        return expected_of_corpus(Corpus(path, roots)) if is_prepared else expected_of_folder(path)
    prepared = _prepared(target, overrides, root)
    return expected_of_corpus(Corpus(prepared.folder, {**prepared.roots, **roots}))


def _prepared(recipe: str, overrides: list[str], root: Path | None) -> Any:
    """The finished corpus of a recipe."""
    from separate_cli.data.corpus import Corpus
    from separate_cli.pipeline.plan import make_plan
    from separate_cli.pipeline.stage import Source
    from separate_cli.recipes.load import load_recipe
    from separate_cli.report.console import out
    from separate_cli.settings import workspace
    from separate_cli.stages.assemble import assemble

    loaded = load_recipe(recipe, overrides)
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


def _show(found: Checked, allowed: set[str]) -> None:
    from dataclasses import asdict

    from separate_cli.report.console import out

    faults = [fault for fault in found.faults if fault.kind not in allowed]
    out.result(
        {
            "files": found.files,
            "hours": round(found.seconds / 3600, 4),
            "counts": found.counts(),
            "allowed": sorted(allowed),
            "faults": [asdict(fault) for fault in faults],
        }
    )
    if faults:
        out.table(["file", "fault", "detail"], [[fault.path, fault.kind, fault.detail] for fault in faults])
    tolerated = len(found.faults) - len(faults)
    note = f" {tolerated} faults of allowed kinds are not shown." if tolerated else ""
    out.note(f"{found.files} files, {found.seconds / 3600:.2f} h: {len(faults) or 'no'} faults.{note}")
    if faults:
        counts = ", ".join(f"{count} {kind}" for kind, count in found.counts().items() if kind not in allowed)
        raise PartialFailure(
            f"{len({fault.path for fault in faults})} of {found.files} files have faults: {counts}.",
            hint="Get or export them again; --allow KIND lets a kind pass.",
        )
