"""MUSDB18: 150 songs of four stems.

Source: Rafii et al., zenodo.org/records/1117372 (MP4) and 3338373 (WAV, "HQ").
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from separate_cli.specs.base import Spec
from separate_cli.specs.prepare import ListedCorpus, ListFolder

__all__ = ["Musdb18"]


class Musdb18Files(Spec):
    """Where it is."""

    musdb18: ListFolder = ListFolder(path=Path("data/MUSDB18-HQ"))


class Musdb18(ListedCorpus):
    """MUSDB18-HQ as it was downloaded, or MUSDB18, whose MP4 files are unpacked to WAV."""

    kind: Literal["musdb18"] = "musdb18"
    music: Musdb18Files = Musdb18Files()
