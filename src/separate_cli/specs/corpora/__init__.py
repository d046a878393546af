"""Corpora that ``sep data prepare`` can make, one spec a file, told apart by ``kind``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from separate_cli.specs.corpora.demask import DemaskCorpus
from separate_cli.specs.corpora.folder import FolderCorpus
from separate_cli.specs.corpora.librimix import LibriMix

__all__ = ["PrepareSpec"]

PrepareSpec = Annotated[
    DemaskCorpus | FolderCorpus | LibriMix,
    Field(discriminator="kind", description="What corpus to make."),
]
"""Any of them: the section ``prepare`` of a recipe."""
