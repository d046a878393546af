"""SparseLibriMix: speakers of LibriSpeech who overlap as in conversations, to test on, from the official lists.

Source: Cosentino et al., "LibriMix", 2020, section 3.4; lists at github.com/popcornell/SparseLibriMix.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from separate_cli.specs.base import Reads
from separate_cli.specs.corpora.librimix import LibriMixNoise, LibriMixSpeech
from separate_cli.specs.prepare import MixtureCorpus

__all__ = ["SparseLibriMix"]

Overlap = Literal["0", "0.2", "0.4", "0.6", "0.8", "1"]


class SparseLibriMix(MixtureCorpus):
    """SparseLibriMix, as the official script makes it."""

    kind: Literal["sparse-librimix"] = "sparse-librimix"
    mixtures: Literal["on_disk"] = "on_disk"
    speech: LibriMixSpeech = LibriMixSpeech()
    noise: LibriMixNoise | None = Field(LibriMixNoise(), description="null: mix_clean only.")
    lists: Annotated[Path, Reads("**/metadata.json")] = Field(
        Path("data/SparseLibriMix/metadata"), description="Folder of sparse_2_0.2/metadata.json and the like."
    )

    n_src: Literal[2, 3] = 2
    overlaps: Annotated[tuple[Overlap, ...], Field(min_length=1)] = ("0", "0.2", "0.4", "0.6", "0.8", "1")
    sample_rate: Literal[8000, 16000] = 16000
