"""SMS-WSJ: two speakers of WSJ in a room with six microphones, 8 kHz.

Source: Drude et al., "SMS-WSJ", 2019; github.com/fgnt/sms_wsj.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from separate_cli.specs.base import Spec
from separate_cli.specs.prepare import ListedCorpus, ListFolder

__all__ = ["SmsWsj"]


class SmsWsjFiles(Spec):
    """Where it is."""

    sms_wsj: ListFolder = ListFolder(path=Path("data/sms_wsj"))


class SmsWsj(ListedCorpus):
    """SMS-WSJ as its scripts make it: the folder with ``sms_wsj.json``."""

    kind: Literal["sms-wsj"] = "sms-wsj"
    speech: SmsWsjFiles = SmsWsjFiles()
    target: Literal["early", "image", "source"] = Field(
        "early", description="What s1 and s2 are: early reverberation, all that is heard, or dry speech."
    )
