"""What a stage is: ``(spec, inputs) -> folder``.

    Stage ──run(StageContext)──> files in StageContext.folder

A stage names its inputs: outputs of earlier stages, or files and folders of the user's. Whether it has to run, where,
and how it is resumed is decided by ``plan`` and ``runner``; the stage itself only fills its folder.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from separate_cli.pipeline.shards import Shard
from separate_cli.progress import SILENT, Progress
from separate_cli.specs.base import Spec

__all__ = ["Source", "Stage", "StageContext"]


@dataclass(frozen=True)
class Source:
    """A file or folder of the user's that a stage reads; its content hash is part of the stage's key.

    Args:
        path: Where it is; relative to the workspace unless absolute.
        patterns: For a folder, the file patterns that count, for example ``("**/*.flac", "**/*.wav")``. Case does not
            matter, and files whose name begins with a dot never count.
    """

    path: Path
    patterns: tuple[str, ...] = ("**/*",)


@dataclass(frozen=True)
class StageContext:
    """What a running stage is given.

    Args:
        folder: Where to write. It may hold what an earlier, killed attempt left, or the finished result whose budget
            was raised: go on from there. The names ``stage.json`` and ``attempt.json`` are taken; ``journal.jsonl`` is
            for a list of what is done, which is deleted when the result is finished; ``resume.ckpt`` is for what only
            a raised budget needs: without it there is no going on.
        inputs: Input name → absolute path of the finished output folder, or of the user's own file or folder.
        progress: Where to report progress.
        shard: Make only this share of the items, and leave what concerns all of them to the last member.
        shards: Folders of members of a job array; what they made belongs into ``folder``.
    """

    folder: Path
    inputs: Mapping[str, Path]
    progress: Progress = SILENT
    shard: Shard | None = None
    shards: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Stage:
    """One step of a pipeline.

    Args:
        name: The verb: ``"prepare"``, ``"train"``, ``"eval"``. Unique within a pipeline.
        version: Raised by hand when the meaning of the output changes.
        spec: Everything that decides the output.
        run: Fills ``StageContext.folder``; must be able to continue what a killed attempt left there, and must not
            trust a file only because it is there. Files that should be whole or absent go through ``files``.
        inputs: Input name → an earlier stage or a source.
        incidental: Patterns of output files that later stages do not depend on: logs, plots.
        shared: Whether one result serves all runs of a workspace.
    """

    name: str
    version: int
    spec: Spec
    run: Callable[[StageContext], None]
    inputs: Mapping[str, Stage | Source] = field(default_factory=dict)
    incidental: tuple[str, ...] = ()
    shared: bool = False
