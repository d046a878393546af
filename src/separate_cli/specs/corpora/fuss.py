"""FUSS: up to three sounds of any kind before a background.

Source: Wisdom et al., "What's all the FUSS about free universal sound separation data?", ICASSP 2021.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from separate_cli.specs.base import Spec
from separate_cli.specs.prepare import ListedCorpus, SourceFolder

__all__ = ["Fuss"]


class FussFiles(Spec):
    """Where it is."""

    fuss: SourceFolder = SourceFolder(path=Path("data/FUSS"))


class Fuss(ListedCorpus):
    """FUSS as it was downloaded."""

    kind: Literal["fuss"] = "fuss"
    sounds: FussFiles = FussFiles()
    reverberant: bool = Field(True, description="The mixtures in rooms (ssdata_reverb), or dry (ssdata).")
