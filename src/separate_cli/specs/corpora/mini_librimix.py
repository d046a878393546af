"""MiniLibriMix: 1,000 mixtures of LibriMix at 8 kHz, for trials."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from separate_cli.specs.base import Spec
from separate_cli.specs.prepare import ListedCorpus, SourceFolder

__all__ = ["MiniLibriMix"]


class MiniLibriMixFiles(Spec):
    """Where it is."""

    minilibrimix: SourceFolder = SourceFolder(path=Path("data/MiniLibriMix"))


class MiniLibriMix(ListedCorpus):
    """MiniLibriMix as it was downloaded."""

    kind: Literal["minilibrimix"] = "minilibrimix"
    speech: MiniLibriMixFiles = MiniLibriMixFiles()
