"""One recording through one model, with memory that depends on the chunk and never on the file.

    file --blocks--> channels --> model's rate --chunks--> estimates --> file's rate --> Spool --gains--> files
                                        `------ Tally: level, channel order ------------------'

All outputs of a recording have its sample rate, length and (with the policy ``each``) channels, and appear together.

Checked: tests/inference/test_engine.py (chunked = whole file, lengths, levels, bad input leaves nothing).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from separate_cli.audio.channels import ChannelPlan, ChannelPolicy, plan_channels
from separate_cli.audio.formats import AudioFormat, Bits, output_format
from separate_cli.audio.probe import AudioInfo
from separate_cli.audio.reader import BlockReader
from separate_cli.audio.resample import resample_blocks, resampled_frames
from separate_cli.audio.writer import Spool, open_writer, safe_gain
from separate_cli.errors import InputError, SepError
from separate_cli.files import hash_file, output_error
from separate_cli.inference.chunks import runner, separate_stream
from separate_cli.inference.tally import Tally
from separate_cli.models.base import Separator
from separate_cli.progress import SILENT, Progress

__all__ = ["Separated", "separate_file"]

Wave = NDArray[np.float32]

_READ_SECONDS = 2.0
_COPY_FRAMES = 1 << 16


@dataclass(frozen=True)
class Separated:
    """What became of a recording.

    Args:
        duration_seconds: Its length.
        sample_rate: Of input and outputs, in Hz.
        model_rate: Of the model, in Hz; above half of it the outputs hold nothing.
        channels: Of each output.
        peak: Highest magnitude of the estimates; above 1 they do not fit into an integer format.
        gain: What all outputs were multiplied by so that nothing clips; 1 nearly always.
        hashes: SHA-256 of each output.
        is_cut_off: Whether the recording's header announces more than there is.
    """

    duration_seconds: float
    sample_rate: int
    model_rate: float
    channels: int
    peak: float
    gain: float
    hashes: tuple[str, ...]
    is_cut_off: bool = False


def separate_file(
    model: Separator,
    source: Path,
    targets: Sequence[Path],
    *,
    channels: ChannelPolicy = "each",
    bits: Bits = "auto",
    resample: bool = True,
    chunk_seconds: float | None = None,
    progress: Progress = SILENT,
    before_rename: Callable[[Separated], None] = lambda _: None,
) -> Separated:
    """Separate a file of any length, rate and number of channels.

    Args:
        model: In eval mode, on the device where it is to run.
        source: The recording.
        targets: One output a source; the suffix chooses the container.
        channels: What a single-channel model does with several channels.
        bits: Depth of the outputs; ``"auto"`` takes the input's.
        resample: Convert to the model's rate and back where rates differ; otherwise such a file is refused.
        chunk_seconds: Length of a chunk; None chooses.
        progress: Shows how far it is.
        before_rename: Called when all outputs are complete, before they get their names.

    Raises:
        InputError: If the recording cannot be read or does not fit the model.
        OutputError: If an output cannot be written. In either case no output is left behind.
    """
    with BlockReader(source) as reader:
        info = reader.info
        plan = plan_channels(source, info.channels, in_channels=model.in_channels, policy=channels)
        if info.sample_rate != model.sample_rate and not resample:
            raise InputError(
                f"{source} has {info.sample_rate} Hz, the model works at {model.sample_rate:g} Hz.",
                hint="Leave out --no-resample to convert to the model's rate and back.",
            )
        form = output_format(targets[0].suffix, like=info.subtype, bits=bits)
        tally = Tally(model, channels=plan.batch * model.out_channels)
        with (
            _spool(targets[0], rows=plan.batch * model.out_channels * model.n_sources) as spool,
            progress.task(source.name, total=round(info.duration_seconds, 1), unit="s") as task,
        ):
            for rows in _separated(model, reader, plan, tally, chunk_seconds):
                spool.append(rows)
                if not np.isfinite(spool.peaks).all():
                    raise SepError(
                        f"The model gave values for {source} that are not numbers.",
                        hint="Its weights are damaged, or its precision is too low; try another model or device.",
                    )
                task.advance(rows.shape[1] / info.sample_rate)
            return _write(
                spool, targets, form, tally, info=info, model_rate=model.sample_rate, before_rename=before_rename
            )


@contextmanager
def _spool(target: Path, *, rows: int) -> Iterator[Spool]:
    """A spool beside ``target``; trouble with it is trouble with the output."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with Spool(target.parent, rows=rows) as spool:
            yield spool
    except OSError as error:
        raise output_error(target, error) from error


def _separated(
    model: Separator, reader: BlockReader, plan: ChannelPlan, tally: Tally, chunk_seconds: float | None
) -> Iterator[Wave]:
    """Estimates at the file's rate, ``(channel * source, time)``."""
    info, rate = reader.info, model.sample_rate
    heard = resample_blocks(
        (plan.reduce(block) for block in reader.blocks(round(_READ_SECONDS * info.sample_rate))),
        in_rate=info.sample_rate,
        out_rate=rate,
        channels=plan.batch * plan.microphones,
        frames=resampled_frames(info.frames, info.sample_rate, rate),
    )
    mixture = (tally.mixture(torch.from_numpy(plan.arrange(block))) for block in heard)
    estimates = separate_stream(model, mixture, runner(model), chunk_seconds=chunk_seconds)
    rows = (tally.estimates(block).flatten(0, 1).numpy() for block in estimates)
    n_rows = plan.batch * model.out_channels * model.n_sources
    return resample_blocks(rows, in_rate=rate, out_rate=info.sample_rate, channels=n_rows, frames=info.frames)


def _write(
    spool: Spool,
    targets: Sequence[Path],
    form: AudioFormat,
    tally: Tally,
    *,
    info: AudioInfo,
    model_rate: float,
    before_rename: Callable[[Separated], None],
) -> Separated:
    rows, levels = tally.rows(), tally.levels()  # (channel, source), (channel)
    peak = float((spool.peaks[rows] * levels[:, None]).max())
    gain = safe_gain(peak, form)
    channels = len(rows)
    form = form.for_bytes(4 * channels * spool.frames)
    with ExitStack() as stack:
        writers = [
            stack.enter_context(open_writer(target, form, sample_rate=info.sample_rate, channels=channels))
            for target in targets
        ]
        scale = np.float32(gain) * levels[:, None]
        for block in spool.blocks(_COPY_FRAMES):
            for source, writer in enumerate(writers):
                writer.write(scale * block[rows[:, source]])
        for writer in writers:
            writer.close()
        done = Separated(
            info.duration_seconds,
            info.sample_rate,
            model_rate,
            channels,
            peak,
            gain,
            tuple(hash_file(writer.path) for writer in writers),
            info.is_cut_off,
        )
        before_rename(done)
    return done
