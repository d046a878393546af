"""AVSpeech: speakers' voices and faces.

Source: Ephrat et al., "Looking to listen at the cocktail party", SIGGRAPH 2018.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, PositiveInt

from separate_cli.specs.base import Spec
from separate_cli.specs.prepare import ListedCorpus, ListFolder, Part

__all__ = ["AvSpeech"]


class AvSpeechFiles(Spec):
    """Where it is."""

    avspeech: ListFolder = ListFolder(path=Path("data/AVSpeech"))


class AvSpeech(ListedCorpus):
    """Mixtures of AVSpeech that were made, with the embeddings of the faces."""

    kind: Literal["avspeech"] = "avspeech"
    speech: AvSpeechFiles = AvSpeechFiles()
    lists: dict[str, Part] = Field(
        {"train.csv": "train", "val.csv": "valid"}, min_length=1, description="Which lists in the folder, and for what."
    )
    n_src: PositiveInt = 2
