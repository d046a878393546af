"""``sep data convert``: lists of mixtures for other tools, and from them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from separate_cli.cli.choices import RootOption, SetOption
from separate_cli.cli.data_corpora import CorpusOption, prepared_by, roots_given
from separate_cli.errors import UsageError

__all__ = ["convert"]

SourceArgument = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE",
        help="A prepared folder, a recipe whose corpus is prepared, LibriMix' metadata, WHAM's lists, Lhotse's cuts.",
        show_default=False,
    ),
]
TargetArgument = Annotated[
    Path, typer.Argument(metavar="TARGET", help="Folder to write to; for lhotse a file.", show_default=False)
]
FormOption = Annotated[
    str, typer.Option("--to", metavar="FORM", help="sep, librimix, wham, lhotse, or shards", show_default=False)
]


def convert(
    source: SourceArgument,
    target: TargetArgument,
    *,
    to: FormOption,
    corpus: CorpusOption = None,
    overrides: SetOption = None,
    root: RootOption = None,
) -> None:
    """Write the list of a corpus' mixtures in another form: LibriMix' CSV, WHAM's JSON, Lhotse's cuts, tar shards.

    Example: sep data convert metadata/ prepared/ --to sep
    """
    from separate_cli.data.corpus import Corpus
    from separate_cli.data.exchange.convert import FORMS, read_any, write_as
    from separate_cli.report.console import out

    form = next((form for form in FORMS if form == to), None)
    if form is None:
        raise UsageError(f"Unknown form {to!r}.", hint=f"Expected one of: {', '.join(FORMS)}.")
    path = Path(source).expanduser()
    if path.exists():
        found = Corpus(path if path.is_dir() else path.parent, roots_given(corpus))
        mixtures = read_any(path)
    else:
        found = prepared_by(source, overrides, root)
        mixtures = read_any(found.folder)
    written = write_as(form, mixtures, found, target, progress=out)
    out.result({"mixtures": len(mixtures), "files": [str(file) for file in written]})
    for file in written:
        out.line(str(file))
