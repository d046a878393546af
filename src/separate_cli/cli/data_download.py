"""``sep data download``: a corpus, verified and unpacked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from separate_cli.cli.choices import DryRunFlag, RootOption, WaitFlag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from separate_cli.data.fetch import Order

__all__ = ["download"]


def download(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A corpus. See: sep data ls", show_default=False)],
    *,
    parts: Annotated[
        str | None,
        typer.Option("--parts", "-p", metavar="PART,...", help="Only these parts; all for everything."),
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FOLDER", help="Where the corpus's folder goes (default: ROOT/data).")
    ] = None,
    mirror: Annotated[
        str | None,
        typer.Option("--mirror", metavar="URL|FOLDER", help="Get the files from here instead of their publisher."),
    ] = None,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="Accept the licence, where it must be; remembered.")
    ] = False,
    keep_archives: Annotated[
        bool, typer.Option("--keep-archives/--no-keep-archives", help="Keep archives once they are unpacked.")
    ] = False,
    dry_run: DryRunFlag = False,
    wait: WaitFlag = False,
    root: RootOption = None,
) -> None:
    """Download a corpus: resumed where it stopped, verified, unpacked safely. What is here already stays.

    Example: sep data download librispeech --parts dev-clean,test-clean
    """
    from separate_cli.data.catalog import corpus_called
    from separate_cli.data.fetch import Order, fetch_order
    from separate_cli.report.console import out
    from separate_cli.settings import workspace

    corpus = corpus_called(name)
    chosen = corpus.choose([part.strip() for part in parts.split(",") if part.strip()] if parts else None)
    to = (workspace(root) / "data") if to is None else to.expanduser().absolute()
    order = Order(corpus, chosen, to, mirror, keep_archives=keep_archives, wait=wait)
    out.note(f"{corpus.title}, licence: {corpus.licence}. {corpus.licence_url}")
    if dry_run:
        _show_plan(order)
        return
    done = fetch_order(order, accept_licence=accept_licence, progress=out)
    _warn(done.units)
    out.result({"corpus": corpus.name, "folder": str(done.folder), "licence": corpus.licence, "fetched": done.units})
    if not done.units:
        out.note("Everything is here already.")
    out.line(str(done.folder))


def _show_plan(order: Order) -> None:
    from separate_cli.report.amounts import size
    from separate_cli.report.console import out

    landing, missing = order.landing, {(part.name, unit.name) for part, unit in order.missing()}
    rows: list[dict[str, Any]] = [
        {
            "part": part.name,
            "file": file.name,
            "bytes": file.bytes,
            "checksum": file.checksum,
            "from": [*file.urls, *(base + file.name for base in order.corpus.addresses(part) if not file.urls)],
            "to": str(landing.folder),
            "action": "fetch" if (part.name, unit.name) in missing else "keep",
        }
        for part in order.parts
        for unit in part.units()
        for file in unit.files
    ]
    out.result({"corpus": order.corpus.name, "folder": str(landing.folder), "dry_run": True, "files": rows})
    shown = [
        [row["part"], row["file"], "?" if row["bytes"] is None else size(row["bytes"]), row["action"]] for row in rows
    ]
    out.table(["part", "file", "size", "action"], shown, title=str(landing.folder))


def _warn(units: Sequence[dict[str, Any]]) -> None:
    """Say which files could not be compared with what their publisher says."""
    from separate_cli.report.amounts import size
    from separate_cli.report.console import out

    for source in (source for unit in units for source in unit.get("sources", ())):
        what = f"{source['name']} ({size(source['bytes'])})"
        if source["is_stand_in"]:
            out.warn(f"{what} from the mirror is a stand-in, not the published file: its length is another one.")
        elif source["proof"] == "nothing":
            out.warn(
                f"{what} could not be compared: nobody publishes its checksum. From now on it is {source['checksum']}."
            )
