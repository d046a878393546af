"""WHAM! and WHAMR!: wsj0-2mix in noise, and in rooms, from the official lists.

Source: Wichern et al., "WHAM!", Interspeech 2019; Maciejewski et al., "WHAMR!", ICASSP 2020; lists in their scripts,
levels in the metadata of the noise.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from separate_cli.specs.base import Reads, Spec
from separate_cli.specs.corpora.wsj0mix import Wsj0Speech
from separate_cli.specs.prepare import MixtureCorpus, SourceFolder

__all__ = ["Wham", "WhamNoise", "Whamr"]


class WhamNoise(Spec):
    """Where WHAM!'s noise is, with its folder ``metadata``."""

    wham_noise: SourceFolder = SourceFolder(path=Path("data/wham_noise"))


class _Wham(MixtureCorpus):
    speech: Wsj0Speech = Wsj0Speech()
    noise: WhamNoise = WhamNoise()
    levels: Annotated[Path, Reads("scaling_*.npz")] = Field(
        Path("data/wham_noise/metadata"), description="Folder of scaling_tr.npz, scaling_cv.npz, scaling_tt.npz."
    )
    audio: Literal["wav"] = "wav"

    sample_rate: Literal[8000, 16000] = 8000
    mode: Literal["min", "max"] = Field("min", description="max: the noise begins before the speech and ends after it.")


class Wham(_Wham):
    """wsj0-2mix in the noise of cafés, bars and parks."""

    kind: Literal["wham"] = "wham"
    lists: Annotated[Path, Reads("*.csv")] = Field(
        Path("data/wham_scripts/data"), description="Folder of mix_2_spk_filenames_tr.csv, ..."
    )


class Whamr(_Wham):
    """WHAM! in simulated rooms, with and without reverberation."""

    kind: Literal["whamr"] = "whamr"
    lists: Annotated[Path, Reads("*.csv")] = Field(
        Path("data/whamr_scripts/data"), description="Folder of mix_2_spk_filenames_tr.csv, reverb_params_tr.csv, ..."
    )
    channels: Literal[1, 2] = Field(1, description="Microphones: the left one, or both.")
    mixtures: Literal["on_disk"] = "on_disk"
