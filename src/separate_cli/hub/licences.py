"""Which licence a model may carry: as free as the licences of its data sets let it be.

    data sets --derive_licence--> Derived(licence, one reason a data set) | RefusedError
    header --commercial_use--> yes or no, and why

A model counts as adapted from its data. That is the cautious reading: courts have not settled it, and whoever publishes
under it does nobody wrong. ``docs/reference/licences.md`` shows the rules as tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from separate_cli.errors import RefusedError
from separate_cli.hub.header import Dataset, Header
from separate_cli.hub.licence_table import Licence, find_licences, get_licence

__all__ = ["Derived", "commercial_use", "derive_licence", "licence_notice"]

_OFFERED = ("CC-BY-4.0", "CC-BY-NC-4.0", "LicenseRef-Research-Only")
"""What a model gets where no data set prescribes a licence, the freest first."""


@dataclass(frozen=True)
class Derived:
    """The licence of a model, and why it is this one: a sentence a data set."""

    licence: Licence
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class _Demand:
    """A licence that the model's data came under, and who came under it."""

    dataset: str
    licence: Licence

    def against(self, output: Licence) -> str:
        """Why a model may not carry ``output``, as the end of a sentence; empty if it may."""
        asked = self.licence
        if asked.no_derivatives:
            return "does not let adapted works be passed on"
        if asked.share_alike and output.id not in (asked.id, *asked.successors):
            return "must be passed on under the same licence"
        if asked.research_only and not output.research_only:
            return "is for research only"
        if asked.non_commercial and not output.non_commercial:
            return "is for non-commercial use only"
        if asked.attribution and not output.attribution:
            return "asks that its authors be named"
        return ""

    def __str__(self) -> str:
        return f"{self.dataset} ({self.licence.title})"


def derive_licence(datasets: Iterable[Dataset], *, wanted: str = "") -> Derived:
    """The freest licence that a model trained on ``datasets`` may carry, or the one that is wanted.

    Args:
        datasets: What it was trained on.
        wanted: Name of a licence to use instead, within what is allowed.

    Raises:
        RefusedError: If a licence is unknown, forbids to pass the model on, or contradicts another one, and if what
            is wanted is not allowed.
        UsageError: If what is wanted is no licence of the table.

    >>> speech = Dataset(name="LibriSpeech", licence="CC BY 4.0")
    >>> noise = Dataset(name="WHAM", licence="CC BY-NC 4.0")
    >>> derive_licence([speech]).licence.id, derive_licence([speech, noise]).licence.id
    ('CC-BY-4.0', 'CC-BY-NC-4.0')
    """
    demands = _demands(list(datasets))
    if wanted:
        licence = get_licence(wanted)
        _refuse_unless_allowed(licence, demands)
        return Derived(licence, _reasons(demands))
    prescribed = [option for one in demands if one.licence.share_alike for option in _options(one.licence)]
    for licence in prescribed + [get_licence(name) for name in _OFFERED]:
        if not any(demand.against(licence) for demand in demands):
            return Derived(licence, _reasons(demands))
    raise _conflict(demands)


def commercial_use(header: Header) -> tuple[bool, tuple[str, ...]]:
    """Whether a business may use a model, and why not.

    What is not known is not allowed: a model that does not say what it was trained on, or under which licence, may
    not be used commercially.

    >>> header = Header(model_name="DeMask", model_args={}, sample_rate=16000, licence="CC BY-SA 4.0")
    >>> commercial_use(header)
    (False, ('It does not say what it was trained on.',))
    >>> commercial_use(header.model_copy(update={"datasets": (Dataset(name="a", licence="CC0"),)}))
    (True, ())
    """
    reasons = [] if header.datasets else ["It does not say what it was trained on."]
    stated = [("The model", header.licence, False)]
    stated += [(one.name or "A data set", one.licence, one.non_commercial) for one in header.datasets]
    for name, text, forbidden in stated:
        found = find_licences(text)
        if not found:
            reasons.append(
                f"{name} is under {text!r}, which is not in the table." if text else f"{name} has no licence."
            )
        elif forbidden or not all(one.allows_commercial_use for one in found):
            reasons.append(f"{name} ({text}) is not for commercial use.")
    return not reasons, tuple(reasons)


def licence_notice(title: str, datasets: Sequence[Dataset], licence: Licence, *, by: str) -> str:
    """Who made what the model was made from, as their licences ask: a paragraph of plain text.

    Args:
        title: What the model is called.
        datasets: What it was trained on.
        licence: The model's own licence.
        by: Who publishes it.

    >>> datasets = [Dataset(name="LibriSpeech", licence="CC BY 4.0", author="V. Panayotov")]
    >>> licence_notice("mine", datasets, get_licence("cc by"), by="Jane Doe")
    'The model "mine" is adapted from LibriSpeech by V. Panayotov, used under CC BY 4.0. "mine" is licensed under
    CC BY 4.0 by Jane Doe.'
    """
    sources = [
        f"{one.name}{f' by {one.author}' if one.author else ''}, used under {one.licence}{_restriction(one)}"
        for one in datasets
    ]
    adapted = f'The model "{title}" is adapted from {"; ".join(sources)}. ' if sources else ""
    return f'{adapted}"{title}" is licensed under {licence.title} by {by}.'


def _restriction(dataset: Dataset) -> str:
    found = find_licences(dataset.licence)
    if any(one.research_only for one in found):
        return " (research only)"
    return " (non-commercial)" if dataset.non_commercial or any(one.non_commercial for one in found) else ""


def _demands(datasets: Sequence[Dataset]) -> list[_Demand]:
    if not datasets:
        raise RefusedError(
            "The model does not say what it was trained on, so no licence can be derived for it.",
            hint="Train it with sep, which notes the data sets of prepare and their licences.",
        )
    demands = []
    for dataset in datasets:
        found = find_licences(dataset.licence)
        if not found:
            stated = f"the licence {dataset.licence!r}, which is not known" if dataset.licence else "no licence"
            raise RefusedError(
                f"The data set {dataset.name} has {stated}.",
                hint="State it where the recipe names the data set, for example as: licence: CC BY 4.0 (or: own data).",
            )
        demands += [_Demand(dataset.name, licence) for licence in found]
        if dataset.non_commercial and all(one.allows_commercial_use for one in found):
            demands.append(_Demand(dataset.name, get_licence("non-commercial")))
    return demands


def _refuse_unless_allowed(licence: Licence, demands: Sequence[_Demand]) -> None:
    if licence.id.startswith("LicenseRef-") and licence.id not in _OFFERED:
        raise RefusedError(
            f"{licence.title!r} says how data came to you; a model needs a licence with a text.",
            hint=f"For example: --licence {_OFFERED[0]}",
        )
    objections = [f"{demand} {why}" for demand in demands if (why := demand.against(licence))]
    if objections:
        raise RefusedError(
            f"The model cannot carry {licence.title}: {'; '.join(dict.fromkeys(objections))}.",
            hint="Leave out --licence to get the freest licence that is allowed.",
        )


def _reasons(demands: Sequence[_Demand]) -> tuple[str, ...]:
    free = get_licence("CC0-1.0")
    return tuple(f"{demand} {demand.against(free) or 'asks for nothing'}." for demand in demands)


def _conflict(demands: Sequence[_Demand]) -> RefusedError:
    for demand in demands:
        if demand.licence.no_derivatives:
            return RefusedError(
                f"The model cannot be published: {demand} {demand.against(demand.licence)}.",
                hint=f"Train without {demand.dataset}.",
            )
    pairs = [(one, other) for one in demands if one.licence.share_alike for other in demands]
    first, second = next(pair for pair in pairs if all(pair[1].against(option) for option in _options(pair[0].licence)))
    return RefusedError(
        f"No licence fits all data sets: {first} must be passed on under the same licence, but {second} "
        f"{second.against(first.licence)}.",
        hint=f"Train without {first.dataset} or without {second.dataset}.",
    )


def _options(licence: Licence) -> list[Licence]:
    """What an adaptation of a share-alike work may carry, the newest first."""
    return [*(get_licence(name) for name in reversed(licence.successors)), licence]
