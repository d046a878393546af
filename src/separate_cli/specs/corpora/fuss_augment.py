"""More of FUSS: new mixtures of its sounds in its rooms.

Source: Wisdom et al., "What's all the FUSS about free universal sound separation data?", ICASSP 2021.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, NonNegativeInt, PositiveFloat

from separate_cli.specs.base import Spec
from separate_cli.specs.prepare import MixtureCorpus, SourceFolder
from separate_cli.specs.ranges import FloatRange, Seed

__all__ = ["FussAugment"]


class FussSounds(Spec):
    """Where the sounds of FUSS are: ``fsd_data``."""

    fsd_data: SourceFolder = SourceFolder(path=Path("data/FUSS/fsd_data"))


class FussRooms(Spec):
    """Where its room responses are: ``rir_data``."""

    rir_data: SourceFolder = SourceFolder(path=Path("data/FUSS/rir_data"))


class FussAugment(MixtureCorpus):
    """New mixtures, as FUSS's scripts draw them: a background, and up to three sounds before it."""

    kind: Literal["fuss-augment"] = "fuss-augment"
    mixtures: Literal["on_disk"] = "on_disk"
    sounds: FussSounds = FussSounds()
    rooms: FussRooms | None = Field(FussRooms(), description="null: dry mixtures.")

    n_train: NonNegativeInt = 20000
    n_valid: NonNegativeInt = 1000
    n_test: NonNegativeInt = 0
    seconds: PositiveFloat = Field(10.0, description="Length; longer sounds are backgrounds, shorter ones are not.")
    most_sounds: NonNegativeInt = Field(3, description="Before a background, there are none up to so many.")
    snr_db: FloatRange = Field(FloatRange(min=-5, max=25), description="Loudness of a sound against the background.")
    background_lufs: float = Field(-55.0, description="Loudness of the background, before the room.")
    room_gain: PositiveFloat = Field(10.0, description="Factor of the room responses.")
    seed: Seed = 2020
