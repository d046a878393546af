"""What is in the user's own folders: found before anything is mixed, and listed when it is known what is of use.

folders --scan_folders--> recordings --...--> --write_lists--> speech.jsonl, noise.jsonl, rooms.jsonl, corpus.json
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from separate_cli.data.corpora.facts import describe, mixture_counts
from separate_cli.data.corpus import Role
from separate_cli.data.journal import Journal
from separate_cli.data.manifest import Recording, write_recordings
from separate_cli.data.mixing import Mixed
from separate_cli.data.mixtures import write_mixtures
from separate_cli.data.scan import Scan, Skipped, scan
from separate_cli.files import write_json
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.corpora.folder import OwnFolders
from separate_cli.specs.prepare import AudioFolder, Part

__all__ = ["Scans", "of_part", "scan_folders", "write_lists"]

Scans: TypeAlias = dict[Role, dict[str, Scan]]

_JOURNAL = "scan.jsonl"


def scan_folders(spec: OwnFolders, context: StageContext, *, least_speakers: int) -> Scans:
    """Look at all files of all folders.

    Raises:
        InputError: If a folder is missing, or nothing in it can be used.
    """
    with Journal(context.folder / _JOURNAL) as journal:
        return {
            role: {
                name: scan(
                    name,
                    folder,
                    context.inputs[f"{role}.{name}.path"],
                    table=context.inputs.get(f"{role}.{name}.split.table"),
                    min_seconds=spec.min_seconds if role == "speech" else 0.0,
                    least_speakers=least_speakers if role == "speech" else 1,
                    journal=journal,
                    progress=context.progress,
                )
                for name, folder in named.items()
            }
            for role, named in _folders(spec).items()
        }


def of_part(scans: Scans, role: Role, part: Part) -> list[Recording]:
    """Recordings of one part, sorted; noise and rooms of the training where a part has none of its own."""
    found = sorted(item for one in scans[role].values() for item in one.recordings)
    own = [item for item in found if item.part == part]
    return own if own or role == "speech" else [item for item in found if item.part == "train"]


def write_lists(spec: OwnFolders, context: StageContext, scans: Scans, mixed: Mixed) -> None:
    """Write all lists; what turned out to be of no use is left out of them, with the reason.

    The notes of ``mixed`` are lists of ``[corpus, path, reason]``.
    """
    bad = {(corpus, path): reason for notes in mixed.notes.values() for corpus, path, reason in notes}
    write_mixtures(context.folder / "mixtures.jsonl", mixed.mixtures)
    facts: dict[str, Any] = {
        "mixtures": {"mixtures": {**_joint_licence(spec), **mixture_counts(mixed.mixtures), "skipped": []}}
    }
    for role, named in _folders(spec).items():
        kept = {name: _without(scans[role][name], name, bad) for name in named}
        write_recordings(context.folder / f"{role}.jsonl", (item for one in kept.values() for item in one.recordings))
        facts[role] = {name: describe(folder, kept[name]) for name, folder in named.items()}
    write_json(context.folder / "corpus.json", facts)
    (context.folder / _JOURNAL).unlink(missing_ok=True)


def _folders(spec: OwnFolders) -> dict[Role, Mapping[str, AudioFolder]]:
    return {"speech": spec.speech, "rooms": spec.rooms, "noise": spec.noise}


def _without(found: Scan, corpus: str, bad: Mapping[tuple[str, str], str]) -> Scan:
    skipped = [Skipped(path, reason) for (name, path), reason in sorted(bad.items()) if name == corpus]
    kept = [item for item in found.recordings if (corpus, item.path) not in bad]
    return Scan(kept, [*found.skipped, *skipped])


def _joint_licence(spec: OwnFolders) -> dict[str, Any]:
    """What holds for mixtures of several corpora: all licences, all authors."""
    folders = [folder for named in _folders(spec).values() for folder in named.values()]
    joined = {
        field: " AND ".join(dict.fromkeys(text for folder in folders if (text := getattr(folder, field))))
        for field in ("licence", "url", "author")
    }
    return {**joined, "non_commercial": any(folder.non_commercial for folder in folders)}
