"""From what the user typed to recordings.

    files, folders, patterns --find--> Found(path, root), ...  and what could not be found

A folder is searched for audio files at any depth; hidden files and folders are left out. A pattern (``*``, ``**``,
``?``) that the shell did not expand is expanded here. Each recording is there once, in the order of the arguments.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from separate_cli.audio.probe import AUDIO_SUFFIXES
from separate_cli.errors import InputError

__all__ = ["Found", "find"]


@dataclass(frozen=True)
class Found:
    """A recording.

    Args:
        path: Where it is.
        root: The folder whose structure is mirrored in an output folder.
        is_named: Whether the user named this very file.
    """

    path: Path
    root: Path
    is_named: bool


def find(arguments: Sequence[str], *, output: Path | None = None) -> tuple[list[Found], list[tuple[str, InputError]]]:
    """Find the recordings that ``arguments`` mean.

    Args:
        arguments: Files, folders, patterns.
        output: Folder of the outputs; not searched where it lies inside a searched folder.

    Returns:
        The recordings, and for each argument that means none: the argument and what is wrong.
    """
    found: dict[Path, Found] = {}
    wrong: list[tuple[str, InputError]] = []
    for argument in arguments:
        try:
            for one in _expand(argument, output):
                key = one.path.resolve()
                if key not in found or (one.is_named and not found[key].is_named):
                    found[key] = one
        except InputError as error:
            wrong.append((argument, error))
        except OSError as cause:
            wrong.append((argument, InputError(f"Cannot read {argument}: {cause.strerror}.", hint="Check the path.")))
    return list(found.values()), wrong


def _expand(argument: str, output: Path | None) -> list[Found]:
    path = Path(argument).expanduser()
    if path.is_file():
        return [Found(path, path.parent, is_named=True)]
    if path.is_dir():
        inside = [Found(one, path, is_named=False) for one in sorted(_audio_below(path, output))]
        if not inside:
            raise InputError(f"{path} holds no audio files.", hint="Name another folder, or the files themselves.")
        return inside
    if glob.has_magic(argument):
        root = _fixed_part(path)
        matches = (Path(one) for one in glob.glob(str(path), recursive=True))  # noqa: PTH207  Path.glob takes no absolute pattern
        inside = [Found(one, root, is_named=False) for one in sorted(matches) if _is_audio(one)]
        if not inside:
            raise InputError(f"No audio file matches {argument}.", hint="Check the pattern.")
        return inside
    raise InputError(f"There is no file or folder {argument}.", hint="Check the path and its spelling.")


def _audio_below(folder: Path, output: Path | None) -> Iterator[Path]:
    skipped = output.resolve() if output is not None else None
    for here, folders, names in os.walk(folder):
        at = Path(here)
        folders[:] = [name for name in folders if not name.startswith(".") and (at / name).resolve() != skipped]
        yield from (at / name for name in names if _is_audio(at / name))


def _is_audio(path: Path) -> bool:
    return path.suffix.lower() in AUDIO_SUFFIXES and not path.name.startswith(".") and path.is_file()


def _fixed_part(pattern: Path) -> Path:
    """The folder before the first part with a wildcard."""
    fixed = Path(pattern.anchor)
    for part in pattern.relative_to(pattern.anchor).parts:
        if glob.has_magic(part):
            break
        fixed /= part
    return fixed
