"""WHAM! from its official lists and levels.

    mix_2_spk_filenames_tr.csv, scaling_tr.npz --> wav8k/min/tr/{s1,s2,noise,mix_clean,mix_both,mix_single}/NAME.wav

Per row: speech and noise (first microphone) are converted to the sample rate and multiplied by their levels; ``min``
cuts the noise to the speech, ``max`` keeps all of the noise, in which the speech begins later. Files hold floats.

Source: wham.whisper.ai, ``create_wham_from_scratch.py``.
Differs: speech is not rounded to 16 bits before its last gain, which changes it by less than half a step of 16 bits.
Checked: tests/data/corpora/test_wham.py (against a plain restatement of the published arithmetic).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from separate_cli.audio.probe import probe
from separate_cli.data.corpora.arrays import read_arrays
from separate_cli.data.corpora.facts import mixture_facts, source_facts
from separate_cli.data.corpora.wsj0 import WSJ0_PARTS, find_utterances
from separate_cli.data.mixing import Mixed, Order, check_files, make_mixtures, roots_of
from separate_cli.data.mixtures import Mixture, Piece, Signal, write_mixtures
from separate_cli.data.tables import read_table
from separate_cli.errors import InputError
from separate_cli.files import write_json
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.corpora.wham import Wham, Whamr

__all__ = ["Row", "finish", "make", "read_rows"]

_SUMS = {"mix_clean": ("s1", "s2"), "mix_both": ("s1", "s2", "noise"), "mix_single": ("s1", "noise")}


@dataclass(frozen=True)
class Row:
    """One mixture.

    Args:
        name: File name of the mixture and of its noise.
        part: ``"tr"``, ``"cv"`` or ``"tt"``.
        names: Paths of the two utterances, as in the list.
        files: The same in the folder of WSJ0.
        mix_gains: Gains of the utterances in wsj0-2mix.
        speech_gain: Gain of both in WHAM!.
        noise_gain: Gain of the noise.
        start: Where in the noise the speech begins, in samples at 16 kHz.
    """

    name: str
    part: str
    names: tuple[str, str]
    files: tuple[str, str]
    mix_gains: tuple[float, float]
    speech_gain: float
    noise_gain: float
    start: int


def make(spec: Wham, context: StageContext) -> None:
    """Make WHAM!.

    Raises:
        InputError: If a list or a source is missing or damaged.
        OutputError: If it does not fit on the disk.
    """
    rows = read_rows(spec, context)
    items = {f"{row.part}/{row.name}": row for row in rows}
    finish("wham", rows, make_mixtures(items, partial(_plan, spec, roots_of(context.inputs)), spec, context), context)


def read_rows(spec: Wham | Whamr, context: StageContext) -> list[Row]:
    """All rows of the three parts, with the files of this machine.

    Raises:
        InputError: If a list, an utterance or a noise is missing.
    """
    lists, levels, roots = context.inputs["lists"], context.inputs["levels"], roots_of(context.inputs)
    tables = {
        part: read_table(lists / f"mix_2_spk_filenames_{part}.csv", ["output_filename", "s1_path", "s2_path"])
        for part in WSJ0_PARTS
    }
    files = find_utterances(
        {row[key] for table in tables.values() for row in table for key in ("s1_path", "s2_path")}, roots["wsj0"]
    )
    rows = [row for part, table in tables.items() for row in _rows_of(spec, part, table, levels, files)]
    check_files(
        {"wham_noise": {f"{row.part}/{row.name}" for row in rows}},
        roots,
        hints={"wham_noise": "Download it: sep data download wham-noise."},
    )
    return rows


def _rows_of(
    spec: Wham | Whamr, part: str, table: list[dict[str, str]], levels: Path, files: Mapping[str, str]
) -> list[Row]:
    scaling = read_arrays(levels / f"scaling_{part}.npz")
    paths = {row["output_filename"]: (row["s1_path"], row["s2_path"]) for row in table}
    key = f"{spec.sample_rate // 1000}k_{spec.mode}"
    try:
        columns = zip(
            scaling["utterance_id"].tolist(),
            scaling[f"scaling_wsjmix_{key}"].tolist(),
            scaling[f"scaling_wham_speech_{key}"].tolist(),
            scaling[f"scaling_wham_noise_{key}"].tolist(),
            scaling["speech_start_sample_16k"].tolist(),
            strict=True,
        )
        return [
            Row(name, part, paths[name], (files[paths[name][0]], files[paths[name][1]]), (mix[0], mix[1]), *rest)
            for name, mix, *rest in columns
        ]
    except (KeyError, ValueError) as error:
        raise InputError(
            f"{levels / f'scaling_{part}.npz'} does not fit the lists: {error}.",
            hint="Take both from their source again.",
        ) from error


def _plan(spec: Wham, roots: Mapping[str, Path], row: Row) -> Order:
    """Of what a mixture is made."""
    infos = [probe(roots["wsj0"] / path) for path in row.files]
    speech = [-(-info.frames * spec.sample_rate // info.sample_rate) for info in infos]
    start = row.start * spec.sample_rate // 16000
    if spec.mode == "min":
        frames, places = min(speech), (0, -start)
    else:
        noise = probe(roots["wham_noise"] / row.part / row.name)
        frames, places = -(-noise.frames * spec.sample_rate // noise.sample_rate), (start, 0)
    signals: dict[str, Signal] = {
        name: Piece(path, "wsj0", channel=0, gain=gain * row.speech_gain, offset=places[0])
        for name, path, gain in zip(("s1", "s2"), row.files, row.mix_gains, strict=True)
    }
    signals["noise"] = Piece(f"{row.part}/{row.name}", "wham_noise", channel=0, gain=row.noise_gain, offset=places[1])
    speakers = tuple(PurePosixPath(name).parent.name for name in row.names)
    identity = row.name.removesuffix(".wav")
    mixture = Mixture(identity, WSJ0_PARTS[row.part], spec.sample_rate, frames, {**signals, **_SUMS}, speakers=speakers)
    return Order(mixture, f"wav{spec.sample_rate // 1000}k/{spec.mode}/{row.part}")


def finish(name: str, rows: list[Row], mixed: Mixed | None, context: StageContext) -> None:
    """Write the lists, unless this is one share of a job array."""
    if mixed is None:
        return
    write_mixtures(context.folder / "mixtures.jsonl", mixed.mixtures)
    spoken: dict[str, list[str]] = {}
    noises: dict[str, list[str]] = {}
    for row in rows:
        spoken.setdefault(WSJ0_PARTS[row.part], []).extend(row.names)
        noises.setdefault(WSJ0_PARTS[row.part], []).append(row.name)
    facts = {
        "mixtures": {name: mixture_facts(name, mixed.mixtures)},
        "speech": {"wsj0": source_facts("wsj0", spoken)},
        "noise": {"wham_noise": source_facts("wham-noise", noises)},
    }
    write_json(context.folder / "corpus.json", facts)
