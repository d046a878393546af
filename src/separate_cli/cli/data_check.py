"""``sep data check``: is a corpus whole?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from separate_cli.cli.choices import RootOption, SetOption
from separate_cli.cli.data_corpora import CorpusOption, prepared_by, roots_given
from separate_cli.cli.workforce import ExecutorOption, ShardOption, WorkersOption, who
from separate_cli.errors import PartialFailure, UsageError

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
AllowOption = Annotated[
    list[str] | None, typer.Option("--allow", metavar="KIND", help="Do not count this kind of fault. Repeatable.")
]


def check(
    target: TargetArgument,
    *,
    corpus: CorpusOption = None,
    allow: AllowOption = None,
    workers: WorkersOption = None,
    executor: ExecutorOption = None,
    shard: ShardOption = None,
    overrides: SetOption = None,
    root: RootOption = None,
) -> None:
    """Decode every file of a corpus and report what is missing, damaged, silent, clipped, or there twice.

    Example: sep data check LibriSpeech --allow clipped
    """
    import hashlib

    from separate_cli.data.check import KINDS
    from separate_cli.data.check import check as check_files
    from separate_cli.pipeline.shards import Shard
    from separate_cli.report.console import out
    from separate_cli.settings import cache_folder

    if strange := set(allow or ()) - set(KINDS):
        raise UsageError(f"Unknown kind of fault: {', '.join(sorted(strange))}.", hint=f"Known: {', '.join(KINDS)}.")
    files = _files(target, corpus, overrides, root)
    if shard is not None:
        files = list(Shard.parse(shard).share(files))
    name = hashlib.sha256("\n".join(str(file.path.absolute()) for file in files).encode()).hexdigest()[:16]
    found = check_files(
        files, cache_folder() / "checks" / f"{name}.jsonl", executor=who(workers, executor), progress=out
    )
    _show(found, set(allow or ()))


def _files(target: str, corpora: list[str] | None, overrides: list[str] | None, root: Path | None) -> list[Expected]:
    """What ``target`` names: a list, a prepared folder, a folder of audio, or a recipe's corpus."""
    from separate_cli.data.check_lists import LISTS, expected_of_corpus, expected_of_folder, expected_of_list
    from separate_cli.data.corpus import Corpus

    roots = roots_given(corpora)
    path = Path(target).expanduser()
    if path.is_file() and path.suffix == ".jsonl":
        return expected_of_list(path, roots)
    if path.is_dir():
        is_prepared = any((path / name).exists() for name in LISTS)
        return expected_of_corpus(Corpus(path, roots)) if is_prepared else expected_of_folder(path)
    prepared = prepared_by(target, overrides, root)
    return expected_of_corpus(Corpus(prepared.folder, {**prepared.roots, **roots}))


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
