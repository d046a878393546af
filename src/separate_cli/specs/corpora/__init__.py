"""Corpora that ``sep data prepare`` can make, one spec a file, told apart by ``kind``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from separate_cli.specs.corpora.avspeech import AvSpeech
from separate_cli.specs.corpora.damp_vsep import DampVsep
from separate_cli.specs.corpora.demask import DemaskCorpus
from separate_cli.specs.corpora.dns import Dns
from separate_cli.specs.corpora.folder import FolderCorpus
from separate_cli.specs.corpora.fuss import Fuss
from separate_cli.specs.corpora.fuss_augment import FussAugment
from separate_cli.specs.corpora.kinect_wsj import KinectWsj
from separate_cli.specs.corpora.librimix import LibriMix
from separate_cli.specs.corpora.librivad import LibriVad
from separate_cli.specs.corpora.mini_librimix import MiniLibriMix
from separate_cli.specs.corpora.musdb18 import Musdb18
from separate_cli.specs.corpora.sms_wsj import SmsWsj
from separate_cli.specs.corpora.sparse_librimix import SparseLibriMix
from separate_cli.specs.corpora.tac import Tac
from separate_cli.specs.corpora.vctk2mix import Vctk2Mix
from separate_cli.specs.corpora.voicebank import VoiceBankDemand
from separate_cli.specs.corpora.wham import Wham, Whamr
from separate_cli.specs.corpora.wsj0mix import Wsj0Mix

__all__ = ["PrepareSpec"]

PrepareSpec = Annotated[
    AvSpeech
    | DampVsep
    | DemaskCorpus
    | Dns
    | FolderCorpus
    | Fuss
    | FussAugment
    | KinectWsj
    | LibriMix
    | LibriVad
    | MiniLibriMix
    | Musdb18
    | SmsWsj
    | SparseLibriMix
    | Tac
    | Vctk2Mix
    | VoiceBankDemand
    | Wham
    | Whamr
    | Wsj0Mix,
    Field(discriminator="kind", description="What corpus to make."),
]
"""Any of them: the section ``prepare`` of a recipe."""
