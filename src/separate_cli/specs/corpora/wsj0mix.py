"""wsj0-mix: two to five speakers of WSJ0, from the official lists.

Source: Hershey et al., "Deep clustering", ICASSP 2016 (two and three speakers); Zhu et al., "Multi-Decoder DPRNN",
ICASSP 2021 (four and five). Lists: github.com/mpariente/pywsj0-mix, folder ``metadata``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from separate_cli.specs.base import Reads, Spec
from separate_cli.specs.prepare import MixtureCorpus, SourceFolder

__all__ = ["Wsj0Mix", "Wsj0Speech"]


Speakers = Annotated[int, Field(ge=2, le=5, description="Speakers in a mixture.")]


class Wsj0Speech(Spec):
    """Where WSJ0 is: WAV, FLAC, or SPHERE as on LDC's discs."""

    wsj0: SourceFolder = SourceFolder(path=Path("data/wsj0"))


class Wsj0Mix(MixtureCorpus):
    """wsj0-2mix, -3mix, -4mix or -5mix."""

    kind: Literal["wsj0mix"] = "wsj0mix"
    speech: Wsj0Speech = Wsj0Speech()
    lists: Annotated[Path, Reads("mix_*.txt", "activlev/*.txt")] = Field(
        Path("data/wsj0-mix/metadata"),
        description="Folder of mix_2_spk_tr.txt, ..., and activlev/, the speech levels; what is not there is measured.",
    )

    n_src: Speakers = 2
    also: tuple[Speakers, ...] = Field((), description="Mixtures of so many speakers are made beside the others.")
    sample_rate: Literal[8000, 16000] = 8000
    mode: Literal["min", "max"] = Field("min", description="A mixture ends with its shortest, or its longest speaker.")
