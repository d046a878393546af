"""Corpora that ``sep data prepare`` can make, one spec a file, told apart by ``kind``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from separate_cli.specs.corpora.demask import DemaskCorpus
from separate_cli.specs.corpora.folder import FolderCorpus
from separate_cli.specs.corpora.librimix import LibriMix
from separate_cli.specs.corpora.wham import Wham, Whamr
from separate_cli.specs.corpora.wsj0mix import Wsj0Mix

__all__ = ["PrepareSpec"]

PrepareSpec = Annotated[
    DemaskCorpus | FolderCorpus | LibriMix | Wham | Whamr | Wsj0Mix,
    Field(discriminator="kind", description="What corpus to make."),
]
"""Any of them: the section ``prepare`` of a recipe."""
