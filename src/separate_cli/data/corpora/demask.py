"""Prepare DeMask's corpus: lists of what is there, without copying any audio.

folders --scan--> speech.jsonl, rooms.jsonl, noise.jsonl, corpus.json (licences, hours, what was left out)
"""

from __future__ import annotations

from typing import Any

from separate_cli.data.corpora.facts import describe
from separate_cli.data.corpus import Role
from separate_cli.data.journal import Journal
from separate_cli.data.manifest import write_recordings
from separate_cli.data.scan import scan
from separate_cli.files import write_json
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.corpora.demask import DemaskCorpus
from separate_cli.specs.prepare import AudioFolder

__all__ = ["make"]


def make(spec: DemaskCorpus, context: StageContext) -> None:
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
            facts[role] = {name: describe(named[name], found) for name, found in scans.items()}
        write_json(context.folder / "corpus.json", facts)
        journal.remove()
