"""Prepare a corpus for training: lists of what is there, without copying any audio.

folders --scan--> speech.jsonl, rooms.jsonl, noise.jsonl, corpus.json (licences, hours, what was left out)
"""

from __future__ import annotations

from typing import Any

from separate_cli.data.corpus import Role
from separate_cli.data.journal import Journal
from separate_cli.data.manifest import Recording, write_recordings
from separate_cli.data.scan import Scan, scan
from separate_cli.files import write_json
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.prepare import AudioFolder, PrepareSpec

__all__ = ["run"]


def run(spec: PrepareSpec, context: StageContext) -> None:
    """Look at all folders and write the lists.

    Raises:
        InputError: If a folder is missing or nothing in it can be used.
    """
    folders: dict[Role, dict[str, AudioFolder]] = {
        "speech": dict(spec.speech),
        "rooms": spec.rooms,
        "noise": spec.noise,
    }
    facts: dict[str, Any] = {}
    with Journal(context.folder / "scan.jsonl") as journal:
        for role, named in folders.items():
            scans = {
                name: scan(
                    name,
                    folder,
                    context.inputs[f"{role}.{name}.path"],
                    table=context.inputs.get(f"{role}.{name}.split.table"),
                    min_seconds=spec.min_seconds if role == "speech" else 0.0,
                    journal=journal,
                    progress=context.progress,
                )
                for name, folder in named.items()
            }
            write_recordings(
                context.folder / f"{role}.jsonl", (item for found in scans.values() for item in found.recordings)
            )
            facts[role] = {name: _describe(named[name], found) for name, found in scans.items()}
        write_json(context.folder / "corpus.json", facts)
        journal.remove()


def _describe(folder: AudioFolder, found: Scan) -> dict[str, Any]:
    """What a model card has to say about a corpus, and what was left out of it."""
    parts = sorted({recording.part for recording in found.recordings})
    return {
        **folder.model_dump(mode="json", include={"licence", "url", "author", "non_commercial"}),
        "parts": {part: _count([item for item in found.recordings if item.part == part]) for part in parts},
        "skipped": [{"path": item.path, "reason": item.reason} for item in found.skipped],
    }


def _count(recordings: list[Recording]) -> dict[str, float]:
    return {
        "recordings": len(recordings),
        "speakers": len({recording.speaker for recording in recordings}),
        "hours": round(sum(recording.seconds for recording in recordings) / 3600, 4),
    }
