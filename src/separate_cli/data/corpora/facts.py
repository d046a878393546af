"""What ``corpus.json`` says of a corpus: licence and author, how much is in which part, what was left out and why."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from separate_cli.data.catalog import corpus_called
from separate_cli.data.manifest import Recording
from separate_cli.data.mixtures import Mixture
from separate_cli.data.scan import Scan
from separate_cli.specs.prepare import AudioFolder

__all__ = ["LICENCE_FIELDS", "describe", "mixture_counts", "mixture_facts", "origin", "source_facts"]

LICENCE_FIELDS = ("licence", "url", "author", "non_commercial")
"""What a model card has to say of what a model was trained on."""


def describe(folder: AudioFolder, found: Scan) -> dict[str, Any]:
    """Facts of a folder of recordings."""
    parts = sorted({recording.part for recording in found.recordings})
    return {
        **folder.model_dump(mode="json", include=set(LICENCE_FIELDS)),
        "parts": {part: _count([item for item in found.recordings if item.part == part]) for part in parts},
        "skipped": [{"path": item.path, "reason": item.reason} for item in found.skipped],
    }


def origin(name: str) -> dict[str, Any]:
    """Licence, address, author of a corpus of the catalog, and whether it is for non-commercial use only."""
    row = corpus_called(name)
    restricted = row.consent or "NC" in row.licence
    return {"licence": row.licence, "url": row.url, "author": row.author, "non_commercial": restricted}


def mixture_facts(name: str, mixtures: Iterable[Mixture]) -> dict[str, Any]:
    """Facts of a corpus of mixtures that is known by name."""
    return {**origin(name), **mixture_counts(mixtures), "skipped": []}


def mixture_counts(mixtures: Iterable[Mixture]) -> dict[str, Any]:
    """How many mixtures, speakers and hours each part has."""
    parts: dict[str, list[Mixture]] = {}
    for mixture in mixtures:
        parts.setdefault(mixture.part, []).append(mixture)
    counts = {
        part: {
            "mixtures": len(found),
            "speakers": len({speaker for mixture in found for speaker in mixture.speakers}),
            "hours": round(sum(mixture.seconds for mixture in found) / 3600, 4),
        }
        for part, found in sorted(parts.items())
    }
    return {"parts": counts}


def source_facts(name: str, files_of_parts: Mapping[str, Collection[str]]) -> dict[str, Any]:
    """Facts of a corpus that mixtures are made of: how many of its files each part uses."""
    parts = {part: {"recordings": len(set(files))} for part, files in sorted(files_of_parts.items())}
    return {**origin(name), "parts": parts, "skipped": []}


def _count(recordings: list[Recording]) -> dict[str, float]:
    return {
        "recordings": len(recordings),
        "speakers": len({recording.speaker for recording in recordings}),
        "hours": round(sum(recording.seconds for recording in recordings) / 3600, 4),
    }
