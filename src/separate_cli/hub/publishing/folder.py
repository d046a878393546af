"""The folder that is published: the same files for every hub, all names flat, checked before anything leaves.

    Facts --write_folder--> model.safetensors   weights with a complete header
                            README.md           the model card
                            publication.json    the same for programs
                            sample-*.wav        what went in and what came out, where the data may be passed on
          --check_folder--> every file is what it should be

The same facts give the same bytes, so that an interrupted publication goes on with what was uploaded already.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from separate_cli.audio.probe import probe
from separate_cli.errors import InputError
from separate_cli.files import atomic_path, output_error, write_json, write_text
from separate_cli.hub.checkpoint import write_weights
from separate_cli.hub.licence_table import find_licences
from separate_cli.hub.loading import load_model
from separate_cli.hub.publishing.card import card
from separate_cli.hub.publishing.facts import Facts
from separate_cli.hub.publishing.publishable import ABOUT, CARD, MODEL, LocalFile, PublishableFolder, read_folder

__all__ = ["check_folder", "write_folder"]

_EXAMPLES = 3
"""So many examples of the evaluation are published."""
_MOST_FILES = 100
"""Zenodo takes no more."""
_LARGEST_BYTES = 50 * 10**9


def write_folder(facts: Facts, path: Path, *, reference: str) -> PublishableFolder:
    """Write all files, and remove what an earlier call has left there.

    Args:
        facts: About the model.
        path: The folder.
        reference: What its readers will give to ``sep infer``.

    Raises:
        OutputError: If it cannot be written.
    """
    samples = dict(_samples(facts))
    wanted = {MODEL, CARD, ABOUT, *samples}
    try:
        path.mkdir(parents=True, exist_ok=True)
        for old in path.iterdir():
            if old.name not in wanted and old.is_file():
                old.unlink()
    except OSError as error:
        raise output_error(path, error) from error
    write_weights(facts.weights, path / MODEL)
    for name, source in samples.items():
        with atomic_path(path / name) as temporary:
            shutil.copyfile(source, temporary)
    write_text(path / CARD, card(facts, reference=reference, samples=sorted(samples)))
    files = {name: LocalFile.of(path / name) for name in sorted(wanted - {ABOUT})}
    write_json(path / ABOUT, _about(facts, files))
    return read_folder(path)


def check_folder(folder: PublishableFolder) -> None:
    """Look at every file as those who download it will.

    Raises:
        InputError: If a file is missing, empty, too large, oddly named, or not what it should be.
    """
    names = [one.name for one in folder.files]
    faults = [f"{name} is missing" for name in (MODEL, CARD, ABOUT) if name not in names]
    faults += [f"{one.name} is empty" for one in folder.files if not one.size]
    faults += [f"{one.name} is larger than 50 GB" for one in folder.files if one.size > _LARGEST_BYTES]
    faults += [f"{name!r} is no plain name" for name in names if not re.fullmatch(r"[A-Za-z0-9][\w.+-]{0,120}", name)]
    faults += [f"there are more than {_MOST_FILES} files"] if len(names) > _MOST_FILES else []
    faults += [] if faults else _misfits(folder)
    if faults:
        raise InputError(
            f"{folder.path} cannot be published: {'; '.join(faults)}.", hint="Run the same command again to rebuild it."
        )


def _misfits(folder: PublishableFolder) -> list[str]:
    """Files that contradict what ``publication.json`` or the header says."""
    about = folder.about
    stated = about.get("files", {})
    faults = [
        f"{one.name} is not the file that {ABOUT} lists"
        for one in folder.files
        if one.name != ABOUT and stated.get(one.name, {}).get("sha256") != one.sha256
    ]
    header = load_model(folder.path / MODEL).header
    if (header.title, header.licence) != (about["title"], about["licence"]["title"]):
        faults.append(f"{MODEL} and {ABOUT} differ in title or licence")
    if not (folder.path / CARD).read_text(encoding="utf-8").startswith("---\n"):
        faults.append(f"{CARD} has no front matter")
    if not faults:
        for one in folder.files:
            if one.path.suffix == ".wav":
                probe(one.path)
    return faults


def _about(facts: Facts, files: Mapping[str, LocalFile]) -> dict[str, Any]:
    header, licence = facts.header, facts.derived.licence
    return {
        "format": 1,
        "title": facts.title,
        "creators": [one.as_dict() for one in facts.creators],
        "model": {"name": header.model_name, "args": header.model_args, "sources": facts.n_sources},
        "source_names": header.source_names,
        "sample_rate": header.sample_rate,
        "task": header.task,
        "licence": {"id": licence.id, "title": licence.title, "url": licence.url, "reasons": facts.derived.reasons},
        "datasets": [one.model_dump() for one in header.datasets],
        "metrics": header.metrics,
        "scores": [asdict(one) for one in facts.scores()],
        "recipe": header.recipe,
        "environment": facts.environment,
        "parents": header.parents,
        "paper": facts.paper,
        "files": {name: {"sha256": one.sha256, "bytes": one.size} for name, one in files.items()},
    }


def _samples(facts: Facts) -> Iterator[tuple[str, Path]]:
    """Flat name → file of the first examples, if the data sets may be passed on at all."""
    licences = [find_licences(one.licence) for one in facts.header.datasets]
    own_corpus = "prepare" in facts.evaluation.record.inputs
    if not own_corpus or any(one.research_only or one.no_derivatives for found in licences for one in found):
        return
    folders = sorted(path for path in (facts.evaluation.folder / "examples").glob("*") if path.is_dir())
    for folder in folders[:_EXAMPLES]:
        for path in sorted(folder.glob("*.wav")):
            yield re.sub(r"[^\w.+-]+", "-", f"sample-{folder.name}-{path.name}"), path
