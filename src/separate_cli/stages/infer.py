"""Separate recordings: find them, decide what has to be done, run the engine on each."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from separate_cli.errors import OutputError
from separate_cli.hub.loading import LoadedModel
from separate_cli.inference.batch import Batch, Job, Outcome
from separate_cli.inference.device import choose_device
from separate_cli.inference.discover import find
from separate_cli.inference.engine import Separated, separate_file
from separate_cli.inference.naming import source_tags
from separate_cli.progress import SILENT, Progress
from separate_cli.specs.infer import InferSpec

__all__ = ["infer"]

_VERSION = 1
"""Raised by hand when the same model and settings give other samples."""


def infer(
    loaded: LoadedModel,
    files: Sequence[str],
    spec: InferSpec,
    *,
    output: Path | None = None,
    progress: Progress = SILENT,
    dry_run: bool = False,
    on_left_out: Callable[[Path], None] = lambda _: None,
) -> Iterator[Outcome]:
    """Separate ``files`` and tell of each as soon as it is finished; a failure is told, not raised.

    Args:
        loaded: The model.
        files: Files, folders and patterns.
        spec: Everything else that decides the samples.
        output: Folder for the outputs; None for next to each recording.
        progress: Shows how far the current recording is.
        dry_run: Only tell what would be done.
        on_left_out: Called for each recording that is an output of sep itself.

    Raises:
        UsageError: If the device does not exist.
    """
    recordings, wrong = find(files, output=output)
    for argument, error in wrong:
        yield Outcome(argument, why=error.message, error=error)
    model = loaded.model
    batch = Batch(
        recordings,
        source_tags(model.n_sources, model.source_names),
        model_hash=loaded.content_hash,
        settings_hash=hashlib.sha256(f"{_VERSION} {spec.digest()}".encode()).hexdigest(),
        output=output,
        container=spec.container,
        overwrite=spec.overwrite,
    )
    for path in batch.left_out:
        on_left_out(path)
    if batch.jobs and not dry_run:
        model.to(choose_device(spec.device))

    def separate(job: Job, before_rename: Callable[[Separated], None]) -> Separated:
        try:
            return separate_file(
                model,
                job.source,
                job.targets,
                channels=spec.channels,
                bits=spec.bits,
                resample=spec.resample,
                chunk_seconds=spec.chunk_seconds,
                progress=progress,
                before_rename=before_rename,
            )
        except (MemoryError, RuntimeError) as error:  # torch has RuntimeErrors of its own for it
            if isinstance(error, RuntimeError) and "memory" not in str(error):
                raise
            raise OutputError(
                f"Not enough memory for {job.source}.", hint="Use shorter chunks: --chunk-seconds 4"
            ) from error

    yield from batch.run(separate, dry_run=dry_run)
