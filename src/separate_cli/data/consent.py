"""Licences that must be accepted before a corpus is downloaded: asked for once, remembered for this user.

cache_folder()/licences/CORPUS.json   which licence, when
"""

from __future__ import annotations

import json
import time
from pathlib import Path

from separate_cli.data.catalog import Corpus
from separate_cli.errors import RefusedError
from separate_cli.files import write_json
from separate_cli.settings import cache_folder

__all__ = ["ask_consent", "has_consent"]


def has_consent(corpus: Corpus) -> bool:
    """Whether the licence needs no consent, or has it; a licence that changes is asked for again."""
    if not corpus.consent:
        return True
    try:
        found = json.loads(_file(corpus).read_bytes())
        return bool(found["licence"] == corpus.licence and found["url"] == corpus.licence_url)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def ask_consent(corpus: Corpus, *, accept: bool = False) -> None:
    """Make sure that the licence is accepted.

    Args:
        corpus: The corpus.
        accept: Accept it now.

    Raises:
        RefusedError: If it is not.
    """
    if has_consent(corpus):
        return
    if not accept:
        raise RefusedError(
            f"{corpus.title} is only for those who accept its licence: {corpus.licence}.",
            hint=f"Read {corpus.licence_url}, then run the command again with --accept-licence.",
        )
    write_json(_file(corpus), {"licence": corpus.licence, "url": corpus.licence_url, "when": round(time.time())})


def _file(corpus: Corpus) -> Path:
    return cache_folder() / "licences" / f"{corpus.name}.json"
