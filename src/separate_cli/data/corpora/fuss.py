"""FUSS: mixtures of sounds with their parts.

ssdata_reverb/{train,validation,eval}/exampleN.wav, exampleN_sources/{background0,foreground0,...}_sound.wav
    --> mixture, bg, fg0, fg1, fg2
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from separate_cli.data.corpora.listed import Entry, audio_below, list_mixtures
from separate_cli.data.mixing import roots_of
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.corpora.fuss import Fuss

__all__ = ["make"]

_PARTS = {"train": "train", "validation": "valid", "eval": "test"}
_SOURCE = re.compile(r"(background|foreground)(\d+)")


def make(spec: Fuss, context: StageContext) -> None:
    """List all mixtures.

    Raises:
        InputError: If there is none, or files are missing or damaged.
    """
    root = roots_of(context.inputs)["fuss"]
    data = "ssdata_reverb" if spec.reverberant else "ssdata"
    entries = [
        Entry(path.stem, part, {"mixture": f"{data}/{folder}/{path.name}", **dict(_sources(root, data, folder, path))})
        for folder, part in _PARTS.items()
        for path in audio_below(root / data / folder)
    ]
    list_mixtures("fuss", entries, spec, context, corpus="fuss")


def _sources(root: Path, data: str, folder: str, mixture: Path) -> Iterator[tuple[str, str]]:
    below = f"{data}/{folder}/{mixture.stem}_sources"
    for path in audio_below(root / below):
        found = _SOURCE.match(path.stem)
        if found:
            yield ("bg" if found[1] == "background" else f"fg{found[2]}", f"{below}/{path.name}")
