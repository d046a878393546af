"""Licence notices of published corpora, in the form that Asteroid's checkpoints carry."""

from __future__ import annotations

from typing import Any

from separate_cli.data.catalog import corpus_called
from separate_cli.data.corpora.facts import origin

__all__ = ["notices"]


def notices(*names: str) -> list[dict[str, Any]]:
    """Title, author, licence, each with a link, and whether use is non-commercial only.

    Args:
        names: Of corpora in the catalog.

    >>> [(notice["license"], notice["non_commercial"]) for notice in notices("librispeech", "wham-noise")]
    [('CC BY 4.0', False), ('CC BY-NC 4.0', True)]
    """
    return [_notice(name) for name in names]


def _notice(name: str) -> dict[str, Any]:
    corpus, facts = corpus_called(name), origin(name)
    return {
        "title": corpus.title,
        "title_link": corpus.url,
        "author": corpus.author,
        "author_link": corpus.url,
        "license": corpus.licence,
        "license_link": corpus.licence_url or corpus.url,
        "non_commercial": facts["non_commercial"],
    }
