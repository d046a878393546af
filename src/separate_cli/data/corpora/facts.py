"""What ``corpus.json`` says of a corpus: licence and author, how much is in which part, what was left out and why."""

from __future__ import annotations

from typing import Any

from separate_cli.data.manifest import Recording
from separate_cli.data.scan import Scan
from separate_cli.specs.prepare import AudioFolder

__all__ = ["LICENCE_FIELDS", "describe"]

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


def _count(recordings: list[Recording]) -> dict[str, float]:
    return {
        "recordings": len(recordings),
        "speakers": len({recording.speaker for recording in recordings}),
        "hours": round(sum(recording.seconds for recording in recordings) / 3600, 4),
    }
