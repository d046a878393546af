"""What a stage is: ``(spec, inputs) -> folder``.

    Stage ──run(StageContext)──> files in StageContext.folder

A stage names its inputs: outputs of earlier stages, or files and folders of the user's. Whether it has to run, where,
and how it is resumed is decided by ``plan`` and ``runner``; the stage itself only fills its folder.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from separate_cli.progress import SILENT, Progress
from separate_cli.specs.base import Spec

__all__ = ["Source", "Stage", "StageContext"]


@dataclass(frozen=True)
class Source:
    """A file or folder of the user's that a stage reads; its content hash is part of the stage's key.

    Args:
        path: Where it is.
        patterns: For a folder, the file patterns that count, for example ``("**/*.flac", "**/*.wav")``.
    """

    path: Path
    patterns: tuple[str, ...] = ("**/*",)


@dataclass(frozen=True)
class StageContext:
    """What a running stage is given.

    Args:
        folder: Where to write. It may hold what an earlier, killed attempt left: go on from there.
        inputs: Input name → path of the finished output folder, or of the user's own file or folder.
        progress: Where to report progress.
    """

    folder: Path
    inputs: Mapping[str, Path]
    progress: Progress = SILENT


@dataclass(frozen=True)
class Stage:
    """One step of a pipeline.

    Args:
        name: The verb: ``"prepare"``, ``"train"``, ``"eval"``. Unique within a pipeline.
        version: Raised by hand when the meaning of the output changes.
        spec: Everything that decides the output.
        run: Fills ``StageContext.folder``; must be able to continue what a killed attempt left there.
        inputs: Input name → an earlier stage or a source.
    """

    name: str
    version: int
    spec: Spec
    run: Callable[[StageContext], None]
    inputs: Mapping[str, Stage | Source] = field(default_factory=dict)
