"""TAC's ad-hoc arrays: two speakers and noise in a room, heard by two to six microphones, 16 kHz.

Source: Luo et al., "End-to-end microphone permutation and number invariant multi-channel speech separation", ICASSP
2020; github.com/yluo42/TAC.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from separate_cli.specs.base import Spec
from separate_cli.specs.prepare import MixtureCorpus, SourceFolder

__all__ = ["Tac"]


class TacFiles(Spec):
    """Where it is: the folder with ``train``, ``validation`` and ``test``."""

    tac: SourceFolder = SourceFolder(path=Path("data/MC_Libri_adhoc"))


class Tac(MixtureCorpus):
    """What TAC's scripts have made, with the microphones of a recording in one file."""

    kind: Literal["tac"] = "tac"
    speech: TacFiles = TacFiles()
    mixtures: Literal["on_disk"] = "on_disk"
