"""LibriMix from its official lists: the same samples as the official script writes, up to the last of 16 bits.

    libri2mix_dev-clean.csv, LibriSpeech, WHAM!'s noise
        --gained--> Libri2Mix/wav8k/min/dev/{s1,s2,noise,mix_clean,mix_both,mix_single}/ID.wav, metadata/*.csv

Source: github.com/JorisCos/LibriMix, ``create_librimix_from_metadata.py``.
Differs: noise at 0.8 and 1.2 times the speed (train) comes from a polyphase filter in place of SoX, where it is not
there yet; CSVs name files relative to the prepared folder, so that it may move.
Checked: tests/data/corpora/test_librimix.py (against a plain restatement of the published arithmetic, kills, workers).
"""

from __future__ import annotations

from pathlib import Path

from separate_cli.data.corpora.gained import Family, Row, make_gained, read_rows
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.corpora.librimix import LibriMix

__all__ = ["make", "read_lists"]


def make(spec: LibriMix, context: StageContext) -> None:
    """Make LibriMix, or the list from which it is added up.

    Raises:
        InputError: If a list or a source is missing or damaged.
        OutputError: If it does not fit on the disk.
    """
    family = Family(
        f"Libri{spec.n_src}Mix", "librimix", "librispeech", hint="Download it: sep data download librispeech."
    )
    make_gained(family, spec, read_lists(spec, context.inputs["lists"]), context)


def read_lists(spec: LibriMix, folder: Path) -> list[Row]:
    """The rows of all wanted lists, in their order.

    Raises:
        InputError: If a list is missing, or lacks a column or a number.
    """
    above = f"Libri{spec.n_src}Mix/wav{spec.sample_rate / 1000:g}k/{spec.mode}"
    return [
        row
        for subset, part in spec.subsets.items()
        for row in read_rows(
            spec,
            folder / f"libri{spec.n_src}mix_{subset}.csv",
            part=part,
            place=f"{above}/{subset.replace('-clean', '')}",
        )
    ]
