"""DAMP-VSEP: karaoke singers and the songs behind them.

Source: Smule, zenodo.org/records/3553059; lists of github.com/groadabike/DAMP-VSEP-Singles.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from separate_cli.specs.base import Reads, Spec
from separate_cli.specs.prepare import ListedCorpus, SourceFolder

__all__ = ["DampVsep"]


class DampVsepFiles(Spec):
    """Where it is."""

    damp_vsep: SourceFolder = SourceFolder(path=Path("data/DAMP-VSEP"))


class DampVsep(ListedCorpus):
    """DAMP-VSEP with the lists of DAMP-VSEP-Singles, its M4A files converted to WAV or FLAC."""

    kind: Literal["damp-vsep"] = "damp-vsep"
    music: DampVsepFiles = DampVsepFiles()
    lists: Annotated[Path, Reads("*.json")] = Field(
        Path("data/DAMP-VSEP/metadata"), description="Folder of train_singles_sr16000.json and the like."
    )
    sample_rate: PositiveInt = Field(16000, description="Which lists.")
    train: Literal["train_singles", "train_english"] = "train_singles"
