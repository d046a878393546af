"""VCTK-2Mix: two speakers of VCTK in the noise of WHAM!, to test on, from the official list.

Source: Cosentino et al., "LibriMix", 2020; list at github.com/JorisCos/VCTK-2Mix.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from separate_cli.specs.base import Reads, Spec
from separate_cli.specs.corpora.librimix import GainedMixtures
from separate_cli.specs.prepare import SourceFolder

__all__ = ["Vctk2Mix"]


class VctkSpeech(Spec):
    """Where VCTK is: its folder ``wav48`` (or ``wav16_cut`` of the official script)."""

    vctk: SourceFolder = SourceFolder(path=Path("data/VCTK-Corpus"))


class Vctk2Mix(GainedMixtures):
    """VCTK-2Mix, as the official scripts make it."""

    kind: Literal["vctk-2mix"] = "vctk-2mix"
    speech: VctkSpeech = VctkSpeech()
    lists: Annotated[Path, Reads("VCTK2mix_VCTK_md.csv")] = Field(
        Path("data/VCTK-2Mix/metadata/VCTK-2mix"), description="Folder of the official VCTK2mix_VCTK_md.csv."
    )
