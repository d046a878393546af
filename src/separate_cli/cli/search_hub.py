"""``sep search-hub``: which published models there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from separate_cli.cli.command import command

if TYPE_CHECKING:
    from separate_cli.hub.listing import Listing
    from separate_cli.specs.search import SearchSpec

__all__ = ["register"]

_FILTERS = "Filters"


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    command(app, "search-hub", epilog="Example: sep search-hub libri2mix --task sep_clean --sample-rate 16k")(
        search_hub
    )


def search_hub(
    query: Annotated[
        list[str] | None,
        typer.Argument(metavar="[QUERY]...", help="Words that must all occur in name, author, data, ..."),
    ] = None,
    *,
    task: Annotated[
        str, typer.Option("--task", metavar="TASK", help="sep_clean, enh_single, ...", rich_help_panel=_FILTERS)
    ] = "",
    architecture: Annotated[
        str,
        typer.Option("--architecture", metavar="CLASS", help="ConvTasNet, DPRNNTasNet, ...", rich_help_panel=_FILTERS),
    ] = "",
    dataset: Annotated[
        str, typer.Option("--dataset", metavar="DATA", help="Libri2Mix, WHAM, ...", rich_help_panel=_FILTERS)
    ] = "",
    sample_rate: Annotated[
        str | None, typer.Option("--sample-rate", metavar="RATE", help="8000, 16k, ...", rich_help_panel=_FILTERS)
    ] = None,
    speakers: Annotated[
        int | None,
        typer.Option("--speakers", metavar="N", help="How many sources it separates.", rich_help_panel=_FILTERS),
    ] = None,
    licence: Annotated[
        str,
        typer.Option(
            "--licence", "--license", metavar="LICENCE", help="CC BY 4.0, ...; of the model.", rich_help_panel=_FILTERS
        ),
    ] = "",
    commercial: Annotated[
        bool | None,
        typer.Option(
            "--commercial/--non-commercial",
            help="Licence and data surely allow commercial use, or surely forbid it.",
            rich_help_panel=_FILTERS,
            show_default=False,
        ),
    ] = None,
    min_scores: Annotated[
        list[str] | None,
        typer.Option(
            "--min-score",
            metavar="METRIC>=X",
            help="A score on its card, in quotes: 'si_sdr_imp>=10'. Repeatable.",
            rich_help_panel=_FILTERS,
        ),
    ] = None,
    sort: Annotated[
        Literal["score", "name", "date", "downloads"], typer.Option("--sort", help="Best first.")
    ] = "score",
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Ask the hubs now; else an answer of the last day is used.")
    ] = False,
) -> None:
    """List the source separation models on Zenodo and Hugging Face, with the scores on their cards.

    Example: sep search-hub libri2mix --task sep_clean --sample-rate 16k
    """
    from separate_cli.errors import PartialFailure
    from separate_cli.hub.searching import read_wanted, search_for
    from separate_cli.report.console import out

    wanted = read_wanted(
        query=" ".join(query or ()), task=task, architecture=architecture, dataset=dataset, sample_rate=sample_rate,
        speakers=speakers, licence=licence, commercial=commercial, min_scores=tuple(min_scores or ()), sort=sort,
    )  # fmt: skip
    with out.task("Asking Zenodo and Hugging Face"):
        found = search_for(wanted, refresh=refresh)
    for problem in found.problems:
        out.warn(problem)
    out.result({"considered": found.considered, "models": [one.model_dump() for one in found]})
    _show(found.models, found.considered, wanted)
    if found.is_partial:
        raise PartialFailure("One of the two hubs is missing from this list.", hint="Run the same command again later.")


def _show(models: tuple[Listing, ...], considered: int, wanted: SearchSpec) -> None:
    from separate_cli.report.console import out

    if not models:
        out.note(f"None of {considered} models fits. Leave out a filter.")
        return
    rows = [(_name(one), one.task, _rate(one), _score(one, wanted), _use(one)) for one in models]
    out.table(("model", "task", "kHz", "score", "use"), rows)
    out.note(f"{len(models)} of {considered} models. use: any, nc = not for commercial use, ? = not known.")
    out.note(f"Run one: sep infer {models[0].reference!r} FILES...")


def _name(listing: Listing) -> str:
    """The reference; with the title where it does not tell what it is."""
    same = listing.reference.removeprefix("hf:").casefold() == listing.title.casefold()
    return listing.reference if same else f"{listing.reference} {listing.title}"


def _rate(listing: Listing) -> str:
    return f"{listing.sample_rate / 1000:g}" if listing.sample_rate else ""


def _score(listing: Listing, wanted: SearchSpec) -> str:
    from separate_cli.hub.search_filters import shown_score

    found = shown_score(listing, wanted)
    if found is None:
        return ""
    name = {"si_sdr_imp": "SI-SDRi", "si_sdr": "SI-SDR"}.get(found[0], found[0].upper().replace("_IMP", "i"))
    return f"{found[1]:.3g} {name}"


def _use(listing: Listing) -> str:
    return {True: "any", False: "nc", None: "?"}[listing.commercial]
