"""TAC: files of single microphones become files of arrays.

    {train,validation,test}/{2,...,6}mic/sampleN/{mixture,spk1,spk2,noise}_micK.wav
        --all microphones of a recording side by side--> mix_both, s1, s2, noise (microphone, time)

Checked: tests/data/corpora/test_tac.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from separate_cli.audio.reader import read_audio
from separate_cli.data.corpora.facts import mixture_counts
from separate_cli.data.mixing import Order, make_mixtures, roots_of
from separate_cli.data.mixtures import Mixture, Piece, write_mixtures
from separate_cli.errors import InputError
from separate_cli.files import write_json
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.corpora.tac import Tac

__all__ = ["make"]

Wave = NDArray[np.float32]

_PARTS = {"train": "train", "validation": "valid", "test": "test"}
_SIGNALS = {"mixture": "mix_both", "spk1": "s1", "spk2": "s2", "noise": "noise"}
_NAME = re.compile(r"(?P<signal>mixture|spk1|spk2|noise)_mic(?P<number>\d+)")
_ORIGIN = {
    "licence": "CC BY 4.0",
    "url": "https://github.com/yluo42/TAC",
    "author": "Y. Luo, Z. Chen, N. Mesgarani, T. Yoshioka",
    "non_commercial": False,
}

Item = tuple[str, str, str]


def make(spec: Tac, context: StageContext) -> None:
    """Put the microphones of all recordings together.

    Raises:
        InputError: If there is no recording, or files of one are missing, damaged, or of different lengths.
        OutputError: If they do not fit on the disk.
    """
    root = roots_of(context.inputs)["tac"]
    items = {f"{part}/{name}": (part, name, folder) for part, name, folder in _recordings(root)}
    if not items:
        raise InputError(f"There are no recordings in {root}.", hint="Make them with the scripts of TAC.")
    mixed = make_mixtures(items, partial(_plan, root), spec, context)
    if mixed is not None:
        write_mixtures(context.folder / "mixtures.jsonl", mixed.mixtures)
        facts = {**_ORIGIN, **mixture_counts(mixed.mixtures), "skipped": []}
        write_json(context.folder / "corpus.json", {"mixtures": {"tac": facts}})


def _recordings(root: Path) -> Iterator[Item]:
    for folder, part in _PARTS.items():
        for path in sorted((root / folder).glob("*mic/*")):
            if path.is_dir():
                yield part, f"{path.parent.name}-{path.name}", path.relative_to(root).as_posix()


def _plan(root: Path, item: Item) -> Order:
    part, name, folder = item
    found: dict[str, dict[int, Wave]] = {}
    rates = set()
    for path in sorted((root / folder).glob("*.wav")):
        if match := _NAME.fullmatch(path.stem):
            wave, rate = read_audio(path)
            rates.add(rate)
            found.setdefault(_SIGNALS[match["signal"]], {})[int(match["number"])] = wave[0]
    microphones = sorted(found.get("mix_both", {}))
    lengths = {len(wave) for waves in found.values() for wave in waves.values()}
    complete = {"mix_both", "s1", "s2"} <= found.keys() and all(sorted(one) == microphones for one in found.values())
    if not complete or len(rates) != 1 or len(lengths) != 1:
        raise InputError(f"{root / folder} is not a whole recording.", hint="Make it again with the scripts of TAC.")
    waves = {signal: np.stack([one[k] for k in microphones]) for signal, one in found.items()}
    signals = {signal: Piece("") for signal in waves}
    mixture = Mixture(name, part, rates.pop(), lengths.pop(), signals, 16, facts={"microphones": len(microphones)})
    return Order(mixture, f"wav/{part}", aliases={"mix_clean": ("s1", "s2")}, waves=waves)
