"""One published model, as a search shows it: the same facts whichever hub it is on.

    record of Zenodo | model of Hugging Face (+ its card) --> Listing

All texts of a listing are harmless to show: one line each, no markup, no control characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from separate_cli.hub.aliases import Alias, alias_called, alias_of_record, known_aliases
from separate_cli.hub.card_facts import CardFacts, metric_key, read_card
from separate_cli.hub.licence_table import find_licences
from separate_cli.hub.plain_text import clean, text_of_html

__all__ = ["Listing", "headline", "listing_from_hugging_face", "listing_from_zenodo"]

_TASK = re.compile(r"(?:sep|enh|enhance|enhancement|separation|vad)[\W_]?(?:clean|noisy|reverb|single|both|\w{0,12})")
_GENERIC = {
    "asteroid", "audio", "audiosourceseparation", "audiotoaudio", "pretrainedmodel", "pytorch", "sourceseparation",
    "speech", "separatecli", "safetensors", "speechenhancement",
}  # fmt: skip
_HEADLINES = ("si_sdr_imp", "si_sdr", "sdr_imp", "sdr", "stoi", "estoi", "pesq", "lsd")


class Listing(BaseModel):
    """A published model.

    Attributes:
        reference: What to give to ``sep infer`` or ``from_pretrained``.
        hub: Where it is.
        title: What its publisher calls it.
        url: Its page.
        architecture: Class of the model, as far as it says.
        task: What it does, for example ``sep_clean``.
        datasets: What it was trained on.
        sample_rate: In Hz; None if it does not say.
        speakers: How many sources it separates; None if it does not say.
        licence: As its hub states it.
        commercial: Whether licence and data allow commercial use; None if that is not known.
        scores: Name of a metric → value, as the card states it.
        author: Who published it.
        updated: Day of the last change, ``2021-09-23``.
        downloads: How often; None if its hub does not say.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    reference: str
    hub: Literal["zenodo", "hugging_face"]
    title: str
    url: str
    architecture: str = ""
    task: str = ""
    datasets: tuple[str, ...] = ()
    sample_rate: int | None = None
    speakers: int | None = None
    licence: str = ""
    commercial: bool | None = None
    scores: dict[str, float] = {}
    author: str = ""
    updated: str = ""
    downloads: int | None = None


def headline(listing: Listing) -> tuple[str, float] | None:
    """The score that a model is known by: SI-SDR improvement if it states one, else the next best thing."""
    name = next((name for name in (*_HEADLINES, *sorted(listing.scores)) if name in listing.scores), None)
    return None if name is None else (name, listing.scores[name])


def listing_from_zenodo(document: Mapping[str, Any]) -> Listing:
    """A listing from one record of ``GET /api/records``."""
    number = int(document["id"])
    about = _table(document.get("metadata"))
    alias = alias_of_record(number)
    title = clean(about.get("title") or f"record {number}", limit=100)
    facts = read_card(text_of_html(str(about.get("description") or "")))
    creators = [clean(_table(one).get("name"), limit=60) for one in _list(about.get("creators"))[:3]]
    return _listing(
        title,
        [clean(word, limit=60) for word in _list(about.get("keywords"))[:40]],
        facts,
        alias,
        reference=alias.name if alias else f"zenodo:{number}",
        hub="zenodo",
        title=title,
        url=clean(_table(document.get("links")).get("self_html") or "", limit=200),
        licence=clean(_table(about.get("license")).get("id") or "", limit=40),
        author=", ".join(creators),
        updated=clean(str(about.get("publication_date") or "")[:10]),
        downloads=_count(_table(document.get("stats")).get("version_downloads")),
    )


def listing_from_hugging_face(document: Mapping[str, Any], *, url: str, card: str = "") -> Listing:
    """A listing from one model of ``GET /api/models``, and the text of its card where that was read.

    Args:
        document: The model, with its tags and the front matter of its card.
        url: Address of its page.
        card: Text of the card.
    """
    repo = clean(document["id"], limit=200)
    front = _table(document.get("cardData"))
    tags = [clean(tag, limit=80) for tag in _list(document.get("tags"))[:100]]
    named = {key: [tag[len(key) + 1 :] for tag in tags if tag.startswith(f"{key}:")] for key in ("dataset", "license")}
    facts = read_card(card)
    licence = named["license"] or [clean(front.get("license") or "", limit=40)]
    listing = _listing(
        repo,
        [tag for tag in tags if ":" not in tag] + named["dataset"],
        facts,
        alias_called(repo),
        reference=f"hf:{repo}" if alias_is_elsewhere(repo) else repo,
        hub="hugging_face",
        title=repo,
        url=url,
        licence=licence[0],
        author=clean(document.get("author") or repo.partition("/")[0], limit=60),
        updated=clean(str(document.get("lastModified") or "")[:10]),
        downloads=_count(document.get("downloads")),
    )
    stated = dict(_scores(document.get("model-index") or front.get("model-index")))
    return listing.model_copy(update={"scores": {**listing.scores, **stated}}) if stated else listing


def alias_is_elsewhere(repo: str) -> bool:
    """Whether the bare name of a repository means a record of Zenodo, so that ``hf:`` is needed before it."""
    alias = alias_called(repo)
    return alias is not None and alias.zenodo is not None


def _listing(name: str, words: Sequence[str], facts: CardFacts, alias: Alias | None, **fields: Any) -> Listing:
    """Put together what the table of known models, the card, the key words and the title say, in this order."""
    likely = (word for word in (*words, *name.split("_")[1:]) if _TASK.fullmatch(word.casefold()))
    task = alias.task if alias else facts.task or next(likely, "")
    architecture = alias.model if alias else _architecture(name, words)
    taken = {_plain(task), _plain(architecture), *_GENERIC}
    datasets = [word for word in words if _plain(word) not in taken and not _TASK.fullmatch(word.casefold())]
    found = find_licences(fields["licence"])
    return Listing(
        task=clean(task, limit=40),
        architecture=architecture,
        datasets=(alias.data,) if alias else tuple(dict.fromkeys(datasets))[:8],
        sample_rate=facts.sample_rate or (alias.sample_rate if alias else _rate_in(name)),
        speakers=facts.speakers or _speakers_in(name),
        commercial=_commercial([one.allows_commercial_use for one in found], facts.restricted_data),
        scores=dict(facts.scores),
        **fields,
    )


def _commercial(allowed: Sequence[bool], restricted_data: bool | None) -> bool | None:
    """No if licence or data forbid it; yes only if both are known. Asteroid gave all its models a free licence."""
    if restricted_data or not all(allowed):
        return False
    return True if allowed and restricted_data is False else None


def _architecture(name: str, words: Iterable[str]) -> str:
    """A key word that is a known class, or how the title begins: ``user/ConvTasNet_...``."""
    known = {_plain(row.model): row.model for row in known_aliases()}
    first = re.split(r"[_(]|-ks", name.rpartition("/")[2])[0]
    return next((known[_plain(word)] for word in (first, *words) if _plain(word) in known), first)


def _rate_in(name: str) -> int | None:
    found = re.search(r"(?<![A-Za-z0-9])(8|16|22|24|32|44|48)k(?![A-Za-z0-9])", name.replace("_", " "), re.IGNORECASE)
    return {22: 22050, 44: 44100}.get(int(found[1]), int(found[1]) * 1000) if found else None


def _speakers_in(name: str) -> int | None:
    found = re.search(r"(?:Libri|wsj0-?|Wsj0)([1-9])Mix", name, re.IGNORECASE)
    return int(found[1]) if found else None


def _scores(index: Any) -> Iterable[tuple[str, float]]:
    """Metrics of a ``model-index``."""
    for model in _list(index)[:4]:
        for result in _list(_table(model).get("results"))[:20]:
            for metric in _list(_table(result).get("metrics"))[:50]:
                row = _table(metric)
                key = metric_key(str(row.get("type") or "")[:60]) or metric_key(str(row.get("name") or "")[:60])
                value = row.get("value")
                if key and isinstance(value, (int, float)) and abs(value) < 1e6:
                    yield key, float(value)


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())


def _count(value: Any) -> int | None:
    return int(value) if isinstance(value, (int, float)) and 0 <= value < 1e15 else None


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
