"""MiniLibriMix: a list of what was downloaded.

MiniLibriMix/{train,val}/{mix_clean,mix_both,s1,s2,noise}/ID.wav --> mixtures.jsonl
"""

from __future__ import annotations

from separate_cli.data.corpora.listed import Entry, audio_below, list_mixtures
from separate_cli.data.mixing import roots_of
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.corpora.mini_librimix import MiniLibriMix

__all__ = ["make"]

_PARTS = {"train": "train", "val": "valid"}
_SIGNALS = ("s1", "s2", "noise", "mix_clean", "mix_both")


def make(spec: MiniLibriMix, context: StageContext) -> None:
    """List all mixtures.

    Raises:
        InputError: If there is none, or files are missing or damaged.
    """
    root = roots_of(context.inputs)["minilibrimix"]
    entries = [
        Entry(
            path.stem,
            part,
            {name: f"{folder}/{name}/{path.name}" for name in _SIGNALS},
            tuple(one.split("-")[0] for one in path.stem.split("_")),
        )
        for folder, part in _PARTS.items()
        for path in audio_below(root / folder / "mix_clean")
    ]
    list_mixtures("minilibrimix", entries, spec, context, corpus="minilibrimix")
