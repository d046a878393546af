"""DAMP-VSEP: performances, their vocals and what is behind them.

train_singles_sr16000.json = {performance: {vocal, background, vocal_start, background_start, scaler, duration, ...}}
    --> vocals (times scaler), background, mixture (their sum)
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from separate_cli.audio.probe import probe
from separate_cli.data.corpora.facts import mixture_facts
from separate_cli.data.corpora.listed import read_json, within
from separate_cli.data.mixing import Order, make_mixtures, roots_of
from separate_cli.data.mixtures import Mixture, Piece, Signal, write_mixtures
from separate_cli.errors import InputError
from separate_cli.files import write_json
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.corpora.damp_vsep import DampVsep

__all__ = ["make"]

Row = tuple[str, str, Mapping[str, Any]]


def make(spec: DampVsep, context: StageContext) -> None:
    """List all performances.

    Raises:
        InputError: If a list or files of it are missing, or it is of another kind.
    """
    root, lists = roots_of(context.inputs)["damp_vsep"], context.inputs["lists"]
    items: dict[str, Row] = {}
    for name, part in ((spec.train, "train"), ("valid", "valid"), ("test", "test")):
        rows = read_json(lists / f"{name}_sr{spec.sample_rate}.json")
        items.update({f"{part}/{key}": (key, part, row) for key, row in rows.items()})
    mixed = make_mixtures(items, partial(_plan, spec, root), spec, context)
    if mixed is not None:
        write_mixtures(context.folder / "mixtures.jsonl", mixed.mixtures)
        facts = {"mixtures": {"damp_vsep": mixture_facts("damp-vsep", mixed.mixtures)}}
        write_json(context.folder / "corpus.json", facts)


def _plan(spec: DampVsep, root: Path, item: Row) -> Order:
    key, part, row = item
    try:
        seconds = float(row["duration"])
        gains = {"vocals": ("vocal", float(row["scaler"])), "background": ("background", 1.0)}
        pieces: dict[str, Signal] = {}
        for name, (field, gain) in gains.items():
            path = within(root, row[field])
            info = probe(root / path)
            start = round(float(row[f"{field}_start"]) * info.sample_rate)
            frames = min(round(seconds * info.sample_rate), info.frames - start)
            pieces[name] = Piece(path, "damp_vsep", start=start, frames=frames, gain=gain)
            seconds = min(seconds, frames / info.sample_rate)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{key} is no row of DAMP-VSEP-Singles: {error!r}.", hint="Get the lists again.") from error
    frames = int(seconds * spec.sample_rate)
    signals = {**pieces, "mixture": ("vocals", "background")}
    return Order(Mixture(key, part, spec.sample_rate, frames, signals), "")
