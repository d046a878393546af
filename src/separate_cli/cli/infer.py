"""``sep infer``: recordings through a model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from separate_cli.cli.choices import DryRunFlag
from separate_cli.cli.command import command

if TYPE_CHECKING:
    from separate_cli.inference.batch import Outcome
    from separate_cli.specs.infer import InferSpec

__all__ = ["register"]

_SOUND = "Sound"


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    command(app, "infer", epilog="Example: sep infer demask meeting.wav")(infer)


def infer(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL", help="A bundled or published name, a file, a run folder or a URL.", show_default=False
        ),
    ],
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILES...", help="Audio files, folders, or quoted patterns.", show_default=False),
    ],
    *,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="Write here, folders mirrored (default: beside the input)."),
    ] = None,
    device: Annotated[str, typer.Option("--device", "-d", help="auto, cpu, cuda, cuda:1, mps")] = "auto",
    resample: Annotated[
        bool,
        typer.Option(
            "--resample/--no-resample",
            help="Convert other sample rates to the model's and back.",
            rich_help_panel=_SOUND,
        ),
    ] = True,
    channels: Annotated[
        str,
        typer.Option(
            "--channels",
            metavar="each|mix|first",
            help="A single-channel model hears each channel by itself, their mean, or the first.",
            rich_help_panel=_SOUND,
        ),
    ] = "each",
    container: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="wav, flac, aiff, caf, w64, au, ogg or mp3; auto: as the input if lossless, else wav.",
            rich_help_panel=_SOUND,
        ),
    ] = "auto",
    bits: Annotated[
        str,
        typer.Option("--bits", metavar="16|24|float", help="Depth; auto: as the input.", rich_help_panel=_SOUND),
    ] = "auto",
    chunk_seconds: Annotated[
        float | None,
        typer.Option("--chunk-seconds", metavar="SECONDS", help="Shorter needs less memory.", rich_help_panel=_SOUND),
    ] = None,
    require_licence: Annotated[
        Literal["commercial"] | None,
        typer.Option(
            "--require-licence",
            "--require-license",
            metavar="commercial",
            help="Refuse a model whose licence or training data forbid this use, or do not say.",
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Redo what is done; replace files that sep did not write.")
    ] = False,
    dry_run: DryRunFlag = False,
) -> None:
    """Separate or enhance recordings of any length, format, sample rate and number of channels.

    What is done already is skipped. Example: sep infer demask meeting.wav talks/ -o clean
    """
    from separate_cli.inference.process import tune_process

    tune_process()
    from separate_cli.hub import load_model
    from separate_cli.hub.licence_gate import require_commercial_use
    from separate_cli.report.console import out
    from separate_cli.stages.infer import infer as run

    spec = _spec(
        channels=channels, resample=resample, chunk_seconds=chunk_seconds, container=container, bits=bits,
        device=device, overwrite=overwrite,
    )  # fmt: skip
    loaded = load_model(model, progress=out)
    if loaded.notice:
        out.warn(loaded.notice)
    if require_licence is not None:
        require_commercial_use(loaded.header, name=loaded.name)
    outcomes: list[Outcome] = []
    left_out: list[Path] = []
    try:
        for outcome in run(
            loaded, files, spec, output=output, progress=out, dry_run=dry_run, on_left_out=left_out.append
        ):
            outcomes.append(outcome)
            _tell(outcome)
    finally:  # what was done before Ctrl-C is told too
        for path in left_out:
            out.note(f"{path}: left out, sep itself made it")
        out.result(
            {
                "model": {"name": loaded.name, "sha256": loaded.content_hash, "origin": loaded.origin},
                "files": [_row(outcome) for outcome in outcomes],
                "left_out": [str(path) for path in left_out],
            }
        )
    _conclude(outcomes)


def _spec(**chosen: Any) -> InferSpec:
    from pydantic import ValidationError

    from separate_cli.errors import UsageError
    from separate_cli.specs.infer import InferSpec

    try:
        return InferSpec(**chosen)
    except ValidationError as error:
        fault = error.errors()[0]
        option = str(fault["loc"][0]).replace("container", "format").replace("_", "-")
        raise UsageError(
            f"--{option}: {fault['msg'][:1].lower()}{fault['msg'][1:]}, got {fault['input']!r}.",
            hint="See: sep infer --help",
        ) from error


def _tell(outcome: Outcome) -> None:
    """Paths of results on stdout; what is worth knowing about them on stderr."""
    from math import log10

    from separate_cli.report.console import out

    if outcome.error is not None:
        return  # all failures are listed together at the end
    if outcome.status != "done":
        out.note(f"{outcome.source}: {outcome.status} ({outcome.why})")
    for target in outcome.targets:
        out.line(str(target))
    done = outcome.separated
    if done is None:
        return
    out.detail(f"{outcome.source}: {done.duration_seconds:.1f} s at {done.sample_rate} Hz, {outcome.why}")
    if done.is_cut_off:
        out.warn(
            f"{outcome.source} ends before its header says; the {done.duration_seconds:.1f} s that are there are done."
        )
    if done.gain != 1:
        out.warn(
            f"{outcome.source}: the estimates peak at {done.peak:.2f}; all were turned down by "
            f"{-20 * log10(done.gain):.1f} dB so that nothing clips (--bits float keeps the level)."
        )


def _row(outcome: Outcome) -> dict[str, Any]:
    """One file in the JSON document."""
    from dataclasses import asdict

    row: dict[str, Any] = {
        "input": outcome.source,
        "status": outcome.status,
        "why": outcome.why,
        "outputs": [str(target) for target in outcome.targets],
    }
    if outcome.separated is not None:
        row |= asdict(outcome.separated)
        row["sha256"] = row.pop("hashes")
    if outcome.error is not None:
        row["error"] = {
            "type": type(outcome.error).__name__,
            "message": outcome.error.message,
            "hint": outcome.error.hint,
        }
    return row


def _conclude(outcomes: Sequence[Outcome]) -> None:
    """Say how it went as a whole; the exit code is that of the only failure, or 1 when a part is done."""
    from separate_cli.errors import PartialFailure
    from separate_cli.report.console import out

    failures = [outcome.error for outcome in outcomes if outcome.error is not None]
    if failures and len(outcomes) == 1:
        raise failures[0]
    for error in failures:
        out.error(error)
    if failures:
        is_all = len(failures) == len(outcomes) and len({error.exit_code for error in failures}) == 1
        kind = type(failures[0]) if is_all else PartialFailure
        raise kind(
            f"{len(failures)} of {len(outcomes)} recordings failed, see above.",
            hint="Run the same command again when they are repaired: what is done is skipped.",
        )
    if len(outcomes) > 1:
        counts = {status: sum(outcome.status == status for outcome in outcomes) for status in ("done", "up to date")}
        out.note(", ".join(f"{count} {status}" for status, count in counts.items() if count))
