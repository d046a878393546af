"""``sep publish``: an evaluated model on Zenodo or Hugging Face."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from separate_cli.cli.choices import DryRunFlag, RootOption
from separate_cli.cli.command import command
from separate_cli.errors import UsageError

if TYPE_CHECKING:
    from separate_cli.hub.publishing.published import Published
    from separate_cli.specs.publish import PublishSpec
    from separate_cli.stages.publish import Prepared

__all__ = ["register"]

_ABOUT = "What is said about it"
_ZENODO = "Zenodo"


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    command(app, "publish", epilog="Example: sep publish demask --zenodo --sandbox")(publish)


def publish(
    run: Annotated[
        str | None,
        typer.Argument(metavar="[RUN]", help="A run (default: the one evaluated last). See: sep status"),
    ] = None,
    *,
    zenodo: Annotated[bool, typer.Option("--zenodo", help="Publish on Zenodo, with a DOI.")] = False,
    sandbox: Annotated[bool, typer.Option("--sandbox", help="Zenodo's sandbox, for trials.")] = False,
    repo: Annotated[
        str | None, typer.Option("--hf", metavar="USER/NAME", help="Publish in a repository on Hugging Face.")
    ] = None,
    private: Annotated[bool, typer.Option("--private", help="For the owner only (Hugging Face).")] = False,
    dry_run: DryRunFlag = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    licence: Annotated[
        str, typer.Option("--licence", metavar="NAME", help="Within what the data sets allow.", rich_help_panel=_ABOUT)
    ] = "",
    title: Annotated[str, typer.Option("--title", help="Default: model, data and task.", rich_help_panel=_ABOUT)] = "",
    authors: Annotated[
        list[str] | None,
        typer.Option(
            "--author",
            metavar="NAME",
            help='"Family, Given (Affiliation) [ORCID]". Repeatable. Default: SEP_AUTHOR, or who git says you are.',
            rich_help_panel=_ABOUT,
        ),
    ] = None,
    new_version_of: Annotated[
        str | None,
        typer.Option(
            "--new-version-of", metavar="ID", help="A new version of this record of yours.", rich_help_panel=_ZENODO
        ),
    ] = None,
    resume: Annotated[
        int | None, typer.Option("--resume", metavar="ID", help="Go on with this draft.", rich_help_panel=_ZENODO)
    ] = None,
    communities: Annotated[
        list[str] | None,
        typer.Option(
            "--community",
            metavar="NAME",
            help="Offer it to this community; repeatable; none: to nobody. Default: asteroid-models.",
            rich_help_panel=_ZENODO,
        ),
    ] = None,
    root: RootOption = None,
) -> None:
    """Publish a trained, evaluated model: weights, model card, licence, scores, samples.

    Shows what would be sent, then asks. Interrupted anywhere, the same command goes on; nothing is published twice.

    Example: sep publish demask --zenodo --sandbox
    """
    from separate_cli.hub.tokens import find_token
    from separate_cli.pipeline.reasons import ago
    from separate_cli.report.console import out
    from separate_cli.settings import workspace
    from separate_cli.stages.publish import prepare, service_of
    from separate_cli.stages.publish import publish as send

    spec = _spec(
        zenodo=zenodo or sandbox, sandbox=sandbox, repo=repo, private=private, title=title, licence=licence,
        authors=tuple(authors or ()), communities=_communities(communities), new_version_of=new_version_of,
        resume=resume,
    )  # fmt: skip
    prepared = prepare(
        spec,
        workspace(root),
        run=run,
        chosen=lambda one: out.note(f"Run: {one.run}, evaluated {ago(one.record.finished)}"),
    )
    about = _describe(prepared)
    out.result({**about, "dry_run": dry_run, "published": None})
    _show(prepared)
    if dry_run:
        out.line(str(prepared.folder.path))
        return
    _confirm(prepared, yes=yes)
    token = find_token(service_of(spec), ask=_ask_for_secret)
    published = send(prepared, token, progress=out, tell=out.note)
    out.result({**about, "dry_run": False, "published": _as_row(published)})
    _tell(published)


def _spec(*, zenodo: bool, repo: str | None, **chosen: Any) -> PublishSpec:
    from pydantic import ValidationError

    from separate_cli.specs.publish import PublishSpec

    if zenodo == (repo is not None):
        raise UsageError(
            "Expected one place to publish." if zenodo else "Where to?",
            hint="--zenodo, --zenodo --sandbox for a trial, or --hf USER/NAME",
        )
    try:
        return PublishSpec(hub="zenodo" if zenodo else "hugging_face", repo=repo, **chosen)
    except ValidationError as error:
        fault = error.errors()[0]
        where = "--hf: " if fault["loc"][:1] == ("repo",) else ""
        raise UsageError(
            f"{where}{fault['msg'].removeprefix('Value error, ')}.", hint="See: sep publish --help"
        ) from error


def _communities(given: list[str] | None) -> tuple[str, ...] | None:
    return None if given is None else tuple(name for name in given if name != "none")


def _show(prepared: Prepared) -> None:
    """What would be sent, where to, under which licence."""
    from separate_cli.report.amounts import size
    from separate_cli.report.console import out

    facts, folder = prepared.facts, prepared.folder
    out.note(f"Title: {facts.title}, by {'; '.join(one.name for one in facts.creators)}")
    out.note(f"Licence: {facts.derived.licence.title}")
    for reason in facts.derived.reasons:
        out.note(f"  {reason}")
    out.note(f"Scores of the {facts.header.metrics['eval_set']}:")
    for score in facts.scores():
        out.note(f"  {score.name}: {score.mean:.4g}")
    for one in folder.files:
        out.note(f"  {one.name}  {size(one.size)}")
    out.note(f"{size(folder.bytes)} in {folder.path}")


def _confirm(prepared: Prepared, *, yes: bool) -> None:
    from separate_cli.report.console import out

    if yes:
        return
    place = _place(prepared)
    hint = f"It is all in {prepared.folder.path}. To publish without being asked: --yes"
    if out.mode == "json":
        raise UsageError("Publishing has to be confirmed.", hint=hint)
    try:
        wanted = typer.confirm(f"Publish it {place}?", default=False, err=True)
    except typer.Abort:
        wanted = False
    if not wanted:
        raise UsageError("Nothing was published: not confirmed.", hint=hint)


def _place(prepared: Prepared) -> str:
    spec = prepared.spec
    if spec.hub == "hugging_face":
        return f"as {spec.repo} on Hugging Face{', privately' if spec.private else ''}"
    kind = f"as a new version of {spec.new_version_of} " if spec.new_version_of else ""
    offered = f", offered to {', '.join(prepared.communities)}" if prepared.communities else ""
    return f"{kind}in Zenodo's sandbox{offered}" if spec.sandbox else f"{kind}on Zenodo, for good{offered}"


def _ask_for_secret(question: str) -> str:
    import sys

    if not sys.stdin.isatty():
        return ""
    answer: str = typer.prompt(question, hide_input=True, default="", show_default=False, err=True)
    return answer


def _tell(published: Published) -> None:
    from separate_cli.report.console import out

    out.note("It was published before; nothing was sent." if published.already else "Published.")
    for slug in published.pending:
        out.warn(f"The community {slug} has not taken it (yet): its curators may have to agree, or it does not exist.")
    for warning in published.warnings:
        out.warn(warning)
    if published.doi:
        out.note(f"DOI: {published.doi}")
    out.note(f"Page: {published.url}")
    out.note(f"Next: sep infer {published.reference} FILES... ({published.latest} is always the newest version)")
    out.line(published.reference)


def _describe(prepared: Prepared) -> dict[str, Any]:
    facts, licence = prepared.facts, prepared.facts.derived.licence
    return {
        "run": facts.evaluation.run,
        "folder": str(prepared.folder.path),
        "hub": prepared.spec.hub,
        "title": facts.title,
        "licence": {"id": licence.id, "title": licence.title, "reasons": list(facts.derived.reasons)},
        "files": [{"name": one.name, "bytes": one.size, "sha256": one.sha256} for one in prepared.folder.files],
    }


def _as_row(published: Published) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(published)
