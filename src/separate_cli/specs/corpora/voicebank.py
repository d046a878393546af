"""VoiceBank-DEMAND: noisy speech and the same without noise, 48 kHz.

Source: Valentini-Botinhao, Edinburgh DataShare, doi 10.7488/ds/2117.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from separate_cli.specs.base import Spec
from separate_cli.specs.prepare import ListedCorpus, SourceFolder

__all__ = ["VoiceBankDemand"]


class VoiceBankDemandFiles(Spec):
    """Where it is."""

    voicebank: SourceFolder = SourceFolder(path=Path("data/VoiceBank-DEMAND"))


class VoiceBankDemand(ListedCorpus):
    """VoiceBank-DEMAND as it was downloaded."""

    kind: Literal["voicebank-demand"] = "voicebank-demand"
    speech: VoiceBankDemandFiles = VoiceBankDemandFiles()
    speakers: Literal["28", "56"] = Field("28", description="Which training set.")
    valid: tuple[str, ...] = Field(("p226", "p287"), description="Training speakers to validate on.")
