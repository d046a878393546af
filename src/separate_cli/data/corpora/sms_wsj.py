"""SMS-WSJ: what its scripts have made.

sms_wsj.json --> mix_both (observation), s1, s2 (early reverberation, or as asked), s1_reverb, s2_reverb, noise
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from separate_cli.data.corpora.facts import mixture_facts
from separate_cli.data.corpora.listed import read_json, within
from separate_cli.data.mixing import Order, make_mixtures, roots_of
from separate_cli.data.mixtures import Mixture, Piece, Signal, write_mixtures
from separate_cli.errors import InputError
from separate_cli.files import write_json
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.corpora.sms_wsj import SmsWsj

__all__ = ["make"]

_PARTS = {"train_si284": "train", "cv_dev93": "valid", "test_eval92": "test"}
_RATE = 8000
_KINDS = {
    "source": ("speech_source",),
    "early": ("speech_reverberation_early",),
    "image": ("speech_reverberation_early", "speech_reverberation_tail"),
}

Row = tuple[str, str, Mapping[str, Any]]


def make(spec: SmsWsj, context: StageContext) -> None:
    """List all mixtures.

    Raises:
        InputError: If the JSON file or files of it are missing, or it is of another kind.
    """
    root = roots_of(context.inputs)["sms_wsj"]
    items = {f"{part}/{key}": (key, part, row) for key, part, row in _rows(root / "sms_wsj.json")}
    mixed = make_mixtures(items, partial(_plan, spec, root), spec, context)
    if mixed is not None:
        write_mixtures(context.folder / "mixtures.jsonl", mixed.mixtures)
        write_json(context.folder / "corpus.json", {"mixtures": {"sms_wsj": mixture_facts("sms-wsj", mixed.mixtures)}})


def _rows(path: Path) -> Iterator[Row]:
    datasets = read_json(path).get("datasets", {})
    if not datasets.keys() & _PARTS.keys():
        raise InputError(f"{path} has none of {', '.join(_PARTS)}.", hint="Make it with the scripts of SMS-WSJ.")
    for name, part in _PARTS.items():
        yield from ((key, part, row) for key, row in datasets.get(name, {}).items())


def _plan(spec: SmsWsj, root: Path, item: Row) -> Order:
    key, part, row = item
    try:
        paths, frames = row["audio_path"], int(row["num_samples"]["observation"])
        signals: dict[str, Signal] = {"mix_both": Piece(within(root, paths["observation"]), "sms_wsj")}
        if "noise_image" in paths:
            signals["noise"] = Piece(within(root, paths["noise_image"]), "sms_wsj")
        for number in range(len(paths["speech_reverberation_early"])):
            signals |= dict(_speaker(spec, root, row, number))
        names = tuple(f"s{i + 1}_reverb" for i in range(len(paths["speech_reverberation_early"])))
        signals["mix_clean"] = names
        speakers = tuple(str(one) for one in row.get("speaker_id", ()))
    except (KeyError, TypeError, IndexError) as error:
        raise InputError(f"{key} in sms_wsj.json lacks {error}.", hint="Make it anew with its scripts.") from error
    return Order(Mixture(key, part, _RATE, frames, signals, speakers=speakers), "")


def _speaker(spec: SmsWsj, root: Path, row: Mapping[str, Any], number: int) -> Iterator[tuple[str, Signal]]:
    """Early and late reverberation of a speaker, both together, and what is wanted."""
    offset = int(row["offset"][number]) if spec.target == "source" else 0
    wanted = []
    for kind in dict.fromkeys([*_KINDS["image"], *_KINDS[spec.target]]):
        name = f"s{number + 1}_{kind.removeprefix('speech_').removeprefix('reverberation_')}"
        place = offset if kind == "speech_source" else 0
        path = within(root, row["audio_path"][kind][number])
        yield name, Piece(path, "sms_wsj", start=max(0, -place), offset=max(0, place))
        wanted += [name] if kind in _KINDS[spec.target] else []
    yield f"s{number + 1}_reverb", (f"s{number + 1}_early", f"s{number + 1}_tail")
    yield f"s{number + 1}", tuple(wanted)
