"""All published models that fit, from both hubs at once.

    Zenodo: community asteroid-models         --+
    Hugging Face: tags asteroid, separate-cli --+--> listings --kept for a day--> filter --> sort --> Findings

Each hub is asked in a thread of its own and page by page; only the listings stay in memory. Scores come from the cards.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from separate_cli.errors import RemoteError, SepError, UsageError
from separate_cli.files import write_json
from separate_cli.hub.hugging_face import LIBRARY_NAME, client_for_hugging_face, models_tagged, read_card_text
from separate_cli.hub.listing import Listing, listing_from_hugging_face, listing_from_zenodo
from separate_cli.hub.search_filters import fits, in_order
from separate_cli.hub.side_by_side import side_by_side
from separate_cli.hub.zenodo_records import community_records
from separate_cli.net.session import Client
from separate_cli.settings import cache_folder, hugging_face_url, is_offline, zenodo_url
from separate_cli.specs.search import SearchSpec

__all__ = ["COMMUNITY", "TAGS", "Findings", "read_wanted", "search", "search_for"]

COMMUNITY = "asteroid-models"
"""The community of source separation models on Zenodo."""
TAGS = ("asteroid", LIBRARY_NAME)
"""What such models carry on Hugging Face."""

_DAY_SECONDS = 24 * 3600
_READERS = 8
"""Cards of Hugging Face that are read at once."""


@dataclass(frozen=True)
class Findings:
    """What a search has found.

    Attributes:
        models: The models that fit, in order.
        considered: How many there are altogether.
        problems: Hubs that could not be asked, and old answers that were used: a sentence each.
        is_partial: Whether a hub is missing altogether.
    """

    models: tuple[Listing, ...]
    considered: int
    problems: tuple[str, ...] = ()
    is_partial: bool = False

    def __iter__(self) -> Iterator[Listing]:
        return iter(self.models)

    def __len__(self) -> int:
        return len(self.models)


def search(query: str = "", *, refresh: bool = False, **filters: Any) -> Findings:
    """Find published models on Zenodo and Hugging Face.

    Args:
        query: Words that must all occur in what a model says about itself.
        refresh: Ask the hubs again, also where their answers of the last day are known.
        filters: Fields of ``SearchSpec``: task, architecture, dataset, sample_rate, speakers, licence, commercial,
            min_scores, sort.

    Raises:
        UsageError: If a filter is unknown or has an impossible value.
        RemoteError: If neither hub can be asked.
    """
    return search_for(read_wanted(query=query, **filters), refresh=refresh)


def read_wanted(**fields: Any) -> SearchSpec:
    """What is wanted, from fields of ``SearchSpec`` in the form that a person writes.

    Raises:
        UsageError: If one is unknown or has an impossible value.

    >>> read_wanted(sample_rate="16k", min_scores="si_sdr>=10").sample_rate
    16000
    """
    try:
        return SearchSpec(**fields)
    except ValidationError as error:
        fault = error.errors()[0]
        option = str(fault["loc"][0]).replace("min_scores", "min-score").replace("_", "-")
        why = str(fault["msg"]).removeprefix("Value error, ")
        hint = "See: sep search-hub --help"
        raise UsageError(f"--{option}: {why[:1].lower()}{why[1:]}, got {fault['input']!r}.", hint=hint) from error


def search_for(wanted: SearchSpec, *, refresh: bool = False) -> Findings:
    """As ``search``, for what was read by ``read_wanted``.

    Raises:
        RemoteError: If neither hub can be asked.
    """
    hubs: dict[str, tuple[str, Callable[[], list[Listing]]]] = {
        "Zenodo": (zenodo_url(), _from_zenodo),
        "Hugging Face": (hugging_face_url(), _from_hugging_face),
    }
    answers = side_by_side(lambda name: _ask(name, *hubs[name], refresh=refresh), hubs, at_once=len(hubs))
    missing = [answer.problem for answer in answers if answer.listings is None]
    if len(missing) == len(answers):
        raise RemoteError(" ".join(missing), hint="Check the network, then run the same command again.")
    listings = [listing for answer in answers for listing in answer.listings or ()]
    return Findings(
        models=tuple(in_order((one for one in listings if fits(one, wanted)), wanted)),
        considered=len(listings),
        problems=tuple(answer.problem for answer in answers if answer.problem),
        is_partial=bool(missing),
    )


@dataclass(frozen=True)
class _Answer:
    """What a hub has, or why that is not known; a problem beside listings says that they are old."""

    listings: list[Listing] | None
    problem: str = ""


def _ask(name: str, url: str, ask: Callable[[], list[Listing]], *, refresh: bool) -> _Answer:
    """What a hub has: from the last day's answer, else from itself, else from an older answer."""
    store = cache_folder() / "search" / f"{hashlib.sha256(f'{name} {url}'.encode()).hexdigest()[:16]}.json"
    age, known = _stored(store)
    if known is not None and (is_offline() or (age < _DAY_SECONDS and not refresh)):
        return _Answer(known)
    try:
        fresh = ask()
    except RemoteError as error:
        problem = f"{name} cannot be asked: {error.message}"
        if known is None:
            return _Answer(None, problem)
        return _Answer(known, f"{problem} Its answer of {age / 3600:.0f} hours ago is used.")
    _store(store, fresh)
    return _Answer(fresh)


def _from_zenodo() -> list[Listing]:
    with Client() as client:
        return [listing_from_zenodo(document) for document in community_records(COMMUNITY, client=client)]


def _from_hugging_face() -> list[Listing]:
    """All models of all tags, each once; cards are read several at a time, each reader with a client of its own."""
    own = threading.local()
    with ExitStack() as stack:

        def read(document: dict[str, Any]) -> Listing:
            if not hasattr(own, "client"):
                own.client = stack.enter_context(client_for_hugging_face(retries=1))
            return _with_card(document, own.client)

        client = stack.enter_context(client_for_hugging_face())
        return side_by_side(read, _each_once(client), at_once=_READERS)


def _each_once(client: Client) -> Iterator[dict[str, Any]]:
    seen: set[str] = set()
    for tag in TAGS:
        for document in models_tagged(tag, client=client):
            name = str(document.get("id") or "")
            if name.count("/") == 1 and name not in seen:
                seen.add(name)
                yield document


def _with_card(document: dict[str, Any], client: Client) -> Listing:
    card = ""
    with suppress(SepError):  # one card less is not one hub less
        card = read_card_text(document, client=client)
    return listing_from_hugging_face(document, url=f"{hugging_face_url()}/{document['id']}", card=card)


def _stored(path: Path) -> tuple[float, list[Listing] | None]:
    """How many seconds ago an answer was stored, and the answer."""
    try:
        content = json.loads(path.read_bytes())
        return time.time() - float(content["fetched"]), TypeAdapter(list[Listing]).validate_python(content["models"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0.0, None


def _store(path: Path, listings: Iterable[Listing]) -> None:
    write_json(path, {"fetched": time.time(), "models": [listing.model_dump() for listing in listings]})
