"""LibriVAD: noisy speech, and when somebody speaks.

Source: github.com/asteroid-team/Libri_VAD.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from separate_cli.specs.base import Spec
from separate_cli.specs.prepare import ListedCorpus, ListFolder, Part

__all__ = ["LibriVad"]


class LibriVadFiles(Spec):
    """Where it is."""

    librivad: ListFolder = ListFolder(path=Path("data/Libri_VAD"))


class LibriVad(ListedCorpus):
    """LibriVAD as its scripts make it: JSON lists and the files that they name."""

    kind: Literal["librivad"] = "librivad"
    speech: LibriVadFiles = LibriVadFiles()
    lists: dict[str, Part] = Field(
        {"train.json": "train", "dev.json": "valid", "test.json": "test"}, description="Which lists, and for what."
    )
