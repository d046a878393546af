"""DNS: noisy speech of the Deep Noise Suppression challenges.

Source: Reddy et al., "The INTERSPEECH 2020 deep noise suppression challenge", 2020, section 2.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from separate_cli.specs.corpora.folder import OwnFolders
from separate_cli.specs.ranges import FloatRange

__all__ = ["Dns"]


class Dns(OwnFolders):
    """Speech of one speaker after the other, in noise, as the challenge's synthesizer makes it."""

    kind: Literal["dns"] = "dns"
    sample_rate: PositiveInt = 16000
    seconds: PositiveFloat = Field(30.0, description="Length of each clip.")
    silence_seconds: NonNegativeFloat = Field(0.2, description="Silence between two utterances.")
    snr_db: FloatRange = Field(FloatRange(min=0, max=40), description="Speech against noise, over the whole clip.")
    level_db: FloatRange = Field(FloatRange(min=-35, max=-15), description="Level of the noisy speech.")
    max_amplitude: PositiveFloat = Field(0.99, le=1.0, description="Louder clips are turned down.")
