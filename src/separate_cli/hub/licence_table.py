"""What the licences of data sets ask for, in whatever words a data set states them.

    "MIT (Surrey), CC BY 4.0 (OpenAIR)" --find_licences--> Licence(MIT), Licence(CC-BY-4.0)

The table is ``licences.toml``. ``hub.licences`` says what follows for a model.
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from separate_cli.errors import UsageError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["Licence", "find_licences", "get_licence", "known_licences"]

_TABLE = Path(__file__).with_name("licences.toml")
_NOISE = re.compile(r"\b(?:the|licen[cs]ed?|international|unported|generic|version|under|terms of)\b|\bv(?=\d)")
_BETWEEN = re.compile(r"[,;/&]|\b(?:and|or)\b|\s\+\s")
_CONDITIONS = ("attribution", "share_alike", "non_commercial", "research_only", "no_derivatives")


@dataclass(frozen=True)
class Licence:
    """A licence and what it asks of those who pass an adapted work on.

    Args:
        id: SPDX name; ``LicenseRef-…`` where SPDX has none.
        title: What people call it.
        url: Its text; may be empty.
        zenodo: Its name in Zenodo's vocabulary.
        hugging_face: Its name in a model card, ``"other"`` where that has none.
        successors: Licences that an adaptation may carry instead, where it is share-alike.
        attribution: The authors must be named.
        share_alike: An adaptation carries the same licence.
        non_commercial: No commercial use.
        research_only: Nothing but research.
        no_derivatives: No adaptation may be passed on.
    """

    id: str
    title: str
    url: str = ""
    zenodo: str = "other-open"
    hugging_face: str = "other"
    successors: tuple[str, ...] = ()
    attribution: bool = False
    share_alike: bool = False
    non_commercial: bool = False
    research_only: bool = False
    no_derivatives: bool = False

    @property
    def allows_commercial_use(self) -> bool:
        """Whether it lets a business use an adapted work."""
        return not (self.non_commercial or self.research_only or self.no_derivatives)


def known_licences() -> tuple[Licence, ...]:
    """Every licence of the table, in its order."""
    return tuple(dict.fromkeys(_lookup().values()))


def find_licences(text: str) -> tuple[Licence, ...]:
    """The licences that a text names; none at all if any part of it is unknown.

    Remarks in parentheses are passed over. All that are named count, also where the text leaves a choice.

    Args:
        text: For example ``"CC BY-NC 4.0"``, ``"cc-by-nc-4.0"``, its address, or several with commas between.

    >>> [one.id for one in find_licences("MIT (Surrey), CC BY 4.0 (OpenAIR) and Apache License, Version 2.0")]
    ['MIT', 'CC-BY-4.0', 'Apache-2.0']
    >>> find_licences("do what you like, MIT")
    ()
    """
    whole = _find_one(text)
    if whole is not None:
        return (whole,)
    text = re.sub(r"\([^()]*\)", " ", text)
    text = re.sub(r",\s*(?=version\b)", " ", text, flags=re.IGNORECASE)
    found = [_find_one(part) for part in _BETWEEN.split(text.casefold()) if part.strip()]
    known = [one for one in found if one is not None]
    return tuple(dict.fromkeys(known)) if len(known) == len(found) else ()


def get_licence(name: str) -> Licence:
    """The one licence called ``name``.

    Raises:
        UsageError: If there is none; the hint names the closest.

    >>> get_licence("cc-by-sa").id
    'CC-BY-SA-4.0'
    """
    found = _find_one(name)
    if found is None:
        close = difflib.get_close_matches(_normal(name), _lookup(), n=3, cutoff=0.4)
        names = dict.fromkeys(_lookup()[key].id for key in close) or ["CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0"]
        raise UsageError(f"There is no licence {name!r} in the table.", hint=f"The closest are: {', '.join(names)}.")
    return found


def _find_one(text: str) -> Licence | None:
    return _lookup().get(_normal(text))


def _normal(text: str) -> str:
    """One spelling of all: lower case, single spaces, without the words that say nothing; addresses without scheme."""
    text = text.casefold().strip()
    if "://" in text:
        return re.sub(r"/?(legalcode|deed)?(\.\w\w)?/?$", "", text.partition("://")[2].removeprefix("www."))
    text = _NOISE.sub(" ", text.replace("licenseref-", ""))
    return " ".join(re.sub(r"[-_,\s]+", " ", text).split())


@cache
def _lookup() -> Mapping[str, Licence]:
    """Normal spelling → licence."""
    rows = tomllib.loads(_TABLE.read_text(encoding="utf-8"))["licence"]
    return {_normal(name): licence for row in rows for licence, names in _expand(row) for name in names if name}


def _expand(row: Mapping[str, Any]) -> Iterator[tuple[Licence, list[str]]]:
    """The licences of a row, one a version, with all their names; the bare name means the newest, which comes last."""
    versions: list[str] = row.get("versions", [])
    for version in versions or [""]:
        texts = {key: value for key, value in row.items() if isinstance(value, str) and key != "later"}
        filled: dict[str, Any] = {key: value.replace("{version}", version) for key, value in texts.items()}
        if "hugging_face_versions" in row and version not in row["hugging_face_versions"]:
            filled["hugging_face"] = "other"
        later = [one for one in versions if "later" in row and _number(row["later"]) <= _number(version) < _number(one)]
        licence = Licence(
            **filled,
            successors=tuple(row["id"].replace("{version}", one) for one in later),
            **{key: row[key] for key in _CONDITIONS if key in row},
        )
        bare = [row["id"].replace("-{version}", ""), *row.get("aliases", [])]
        names = [licence.id, licence.title, licence.url, *bare]
        yield licence, names + [f"{name} {version}" for name in bare if version]


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
