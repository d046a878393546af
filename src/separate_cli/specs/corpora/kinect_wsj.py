"""Kinect-WSJ: wsj0-2mix in rooms, heard by a Kinect's four microphones in the noise of CHiME-5, 16 kHz.

Source: Sivasankaran et al., "Analyzing the impact of speaker localization errors on speech separation", ICASSP 2020;
github.com/sunits/Reverberated_WSJ_2MIX.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from separate_cli.specs.base import Spec
from separate_cli.specs.prepare import ListedCorpus, SourceFolder

__all__ = ["KinectWsj"]


class KinectWsjFiles(Spec):
    """Where it is."""

    kinect_wsj: SourceFolder = SourceFolder(path=Path("data/Kinect-WSJ"))


class KinectWsj(ListedCorpus):
    """Kinect-WSJ as its scripts make it."""

    kind: Literal["kinect-wsj"] = "kinect-wsj"
    speech: KinectWsjFiles = KinectWsjFiles()
