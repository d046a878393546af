"""From any model reference to a local, checked file.

    demask | path | name of Asteroid | zenodo:… | DOI | user/repo | URL --parse--> Reference --fetch--> Located

Which forms there are says ``hub.reference_forms``; what is downloaded is kept by ``hub.model_cache``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from separate_cli.hub.aliases import Alias, alias_called, alias_of_record
from separate_cli.hub.model_files import choose_model_file
from separate_cli.hub.reference_forms import HuggingFaceFile, LocalFile, ZenodoFile, bundled, parse
from separate_cli.progress import SILENT, Progress

__all__ = ["Located", "bundled", "locate", "resolve"]


@dataclass(frozen=True)
class Located:
    """A model's file and what its source says about it.

    Attributes:
        path: On this computer, complete and checked.
        name: What to call the model.
        origin: What always leads to the same bytes, for example ``zenodo:3862942/model.pth``; empty for a local file.
        sample_rate: In Hz, for files that do not say theirs; None if it is not known.
        licence: As its publisher states it; empty if not known.
        notice: What the user should know, for example that the network was down and an older copy is used.
    """

    path: Path
    name: str
    origin: str = ""
    sample_rate: int | None = None
    licence: str = ""
    notice: str = ""


def resolve(reference: str | Path, *, progress: Progress = SILENT) -> Located:
    """Find the file that ``reference`` means; fetch it if it is not here yet. A ``Path`` is always a local one.

    Raises:
        InputError: If nothing is found; names the closest models.
        RefusedError: If it is not open to the user, or not what it was or has to be.
        RemoteError: If it is not here and its host cannot be asked.
    """
    wanted = LocalFile(reference.expanduser()) if isinstance(reference, Path) else parse(reference)
    if isinstance(wanted, LocalFile):
        path = _in_folder(wanted.path) if wanted.path.is_dir() else wanted.path
        return Located(path, path.stem)
    from separate_cli.hub.fetch import fetch  # loads the network, which local files do without

    fetched = fetch(wanted, progress=progress)
    entry = fetched.held.entry
    alias = _alias(wanted)
    return Located(
        path=fetched.held.path,
        name=alias.name if alias else entry.title or fetched.held.path.stem,
        origin=entry.origin,
        sample_rate=alias.sample_rate if alias else None,
        licence=entry.licence,
        notice=fetched.notice,
    )


def locate(reference: str | Path, *, progress: Progress = SILENT) -> Path:
    """The local, checked file that ``reference`` means; errors as for ``resolve``."""
    return resolve(reference, progress=progress).path


def _alias(wanted: object) -> Alias | None:
    if isinstance(wanted, ZenodoFile):
        return None if wanted.sandbox else alias_of_record(wanted.record)
    return alias_called(wanted.repo) if isinstance(wanted, HuggingFaceFile) else None


def _in_folder(folder: Path) -> Path:
    names = [path.name for path in sorted(folder.iterdir()) if path.is_file()]
    return folder / choose_model_file(names, where=str(folder))
