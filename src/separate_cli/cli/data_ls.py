"""``sep data ls``: the corpora that can be had by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from separate_cli.cli.choices import RootOption

if TYPE_CHECKING:
    from separate_cli.data.catalog import Corpus
    from separate_cli.data.landing import Landing

__all__ = ["ls"]


def ls(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Show the parts of this corpus.", show_default=False)
    ] = None,
    *,
    root: RootOption = None,
) -> None:
    """List corpora: what they are, how large, under which licence, whether they are here, how to get them.

    Example: sep data ls librispeech
    """
    from separate_cli.data.catalog import corpus_called, known_corpora
    from separate_cli.data.landing import Landing
    from separate_cli.report.console import out
    from separate_cli.settings import workspace

    data = workspace(root) / "data"
    corpora = known_corpora() if name is None else (corpus_called(name),)
    rows = [_describe(corpus, Landing(data / corpus.folder)) for corpus in corpora]
    out.result({"data": str(data), "corpora": rows})
    if name is not None:
        _show_one(rows[0])
        return
    columns = ["name", "what", "download", "licence", "here", "command"]
    out.table(
        columns,
        [
            [row["name"], row["about"], _sizes(row["parts"]), row["licence"], row["here"], row["command"]]
            for row in rows
        ],
        title=f"Corpora; here: in {data}",
    )


def _describe(corpus: Corpus, landing: Landing) -> dict[str, Any]:
    from separate_cli.data.consent import has_consent

    parts = [
        {
            "name": part.name,
            "about": part.about,
            "bytes": part.bytes,
            "roughly_bytes": part.roughly,
            "disk_bytes": corpus.disk_bytes(part),
            "files": [file.name for file in part.files],
            "optional": part.optional,
            "here": landing.state(corpus, part),
        }
        for part in corpus.parts
    ]
    states = {part["here"] for part in parts} or {landing.state(corpus)}
    return {
        "name": corpus.name,
        "title": corpus.title,
        "about": corpus.about,
        "licence": corpus.licence,
        "licence_url": corpus.licence_url,
        "consent": "not needed" if not corpus.consent else "given" if has_consent(corpus) else "needed",
        "author": corpus.author,
        "url": corpus.url,
        "needs": list(corpus.needs),
        "layout": corpus.layout,
        "folder": str(landing.folder),
        "here": states.pop() if len(states) == 1 else "partly",
        "manual": corpus.manual.format(folder=landing.folder) if corpus.manual else None,
        "command": f"sep data download {corpus.name}" + (" --accept-licence" if corpus.consent and parts else ""),
        "parts": parts,
    }


def _show_one(row: dict[str, Any]) -> None:
    from separate_cli.report.amounts import size
    from separate_cli.report.console import out

    out.note(f"{row['title']}: {row['about']}.")
    out.note(f"By {row['author']}. {row['url']}")
    out.note(f"Licence: {row['licence']}. {row['licence_url']}")
    out.note(f"Files: {row['layout']}")
    if row["needs"]:
        out.note(f"Needs: {', '.join(row['needs'])}")
    if row["manual"]:
        out.note(row["manual"])
    columns = ["part", "what", "download", "on disk", "here", "command"]
    parts = row["parts"]
    out.table(
        columns,
        [
            [
                part["name"] + (" (on request)" if part["optional"] else ""),
                part["about"],
                _sizes([part]),
                "?" if part["disk_bytes"] is None else f"about {size(part['disk_bytes'])}",
                part["here"],
                f"{row['command']} --parts {part['name']}",
            ]
            for part in parts
        ],
    )


def _sizes(parts: list[dict[str, Any]]) -> str:
    """``17 GB``, ``about 640 MB``, or ``17 GB and more`` where some lengths are not known."""
    from separate_cli.report.amounts import size

    sizes = [part["bytes"] or part["roughly_bytes"] for part in parts]
    known = [one for one in sizes if one is not None]
    if not known:
        return "?" if parts else ""
    about = "" if all(part["bytes"] for part in parts) else "about "
    return f"{about}{size(sum(known))}{' and more' if None in sizes else ''}"
