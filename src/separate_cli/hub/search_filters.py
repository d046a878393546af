"""Which listings fit what is wanted, and in which order they are shown."""

from __future__ import annotations

import re
from collections.abc import Iterable

from separate_cli.hub.card_facts import metric_key
from separate_cli.hub.licence_table import find_licences
from separate_cli.hub.listing import Listing, headline
from separate_cli.specs.search import SearchSpec, Threshold

__all__ = ["fits", "in_order", "shown_score"]


def fits(listing: Listing, wanted: SearchSpec) -> bool:
    """Whether a model is what is wanted. What it does not say, it does not have.

    >>> one = Listing(reference="a/b", hub="zenodo", title="a/b", url="", task="sep_clean", scores={"si_sdr": 9.0})
    >>> fits(one, SearchSpec(task="sepclean")), fits(one, SearchSpec(min_scores="si_sdr>=10"))
    (True, False)
    """
    said = _plain(" ".join([listing.reference, listing.title, listing.architecture, listing.task, listing.author,
                            listing.licence, *listing.datasets]))  # fmt: skip
    return (
        all(_plain(word) in said for word in wanted.query.split())
        and _plain(wanted.task) in _plain(listing.task)
        and _plain(wanted.architecture) in _plain(listing.architecture)
        and (not wanted.dataset or any(_plain(wanted.dataset) in _plain(name) for name in listing.datasets))
        and wanted.sample_rate in {None, listing.sample_rate}
        and wanted.speakers in {None, listing.speakers}
        and _has_licence(listing, wanted.licence)
        and wanted.commercial in {None, listing.commercial}
        and all(_reaches(listing, threshold) for threshold in wanted.min_scores)
    )


def in_order(listings: Iterable[Listing], wanted: SearchSpec) -> list[Listing]:
    """The best, newest or most downloaded first, or by name; what does not say comes last."""
    by_name = sorted(listings, key=lambda one: (one.title.casefold(), one.reference))
    if wanted.sort == "date":
        return sorted(by_name, key=lambda one: one.updated, reverse=True)
    if wanted.sort == "downloads":
        return sorted(by_name, key=lambda one: -1 if one.downloads is None else one.downloads, reverse=True)
    if wanted.sort == "score":
        return sorted(by_name, key=lambda one: _rank(one, wanted), reverse=True)
    return by_name


def shown_score(listing: Listing, wanted: SearchSpec) -> tuple[str, float] | None:
    """The score that decides the order: the first one that was asked for, else what the model is known by."""
    asked = metric_key(wanted.min_scores[0].metric) if wanted.min_scores else ""
    return (asked, listing.scores[asked]) if asked in listing.scores else headline(listing)


def _rank(listing: Listing, wanted: SearchSpec) -> tuple[float, float]:
    """First by how usual the metric is, so that decibels are compared with decibels, then by the score."""
    found = shown_score(listing, wanted)
    if found is None:
        return (-2.0, 0.0)
    name, value = found
    less_is_better = name in {"wer", "lsd"}
    return (1.0 if "sdr" in name else 0.0 if "stoi" in name else -1.0, -value if less_is_better else value)


def _reaches(listing: Listing, threshold: Threshold) -> bool:
    value = listing.scores.get(metric_key(threshold.metric) or threshold.metric)
    if value is None:
        return False
    return value <= threshold.value if threshold.at_most else value >= threshold.value


def _has_licence(listing: Listing, wanted: str) -> bool:
    """Compare licences, not spellings; a part of a name is enough."""
    if not wanted or _plain(wanted) in _plain(listing.licence):
        return True
    ours, theirs = find_licences(wanted), find_licences(listing.licence)
    return bool(ours) and set(ours) <= set(theirs)


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())
