"""Corpora, manifests and torch data sets.

The data sets load when they are first used:

    from separate_cli.data import LibriMix

    train_loader, valid_loader = LibriMix.loaders_from_mini(task="sep_clean", batch_size=16)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from separate_cli.lazy import names_of

if TYPE_CHECKING:
    from separate_cli.data.datasets.avspeech import AVSpeechDataset as AVSpeechDataset
    from separate_cli.data.datasets.damp_vsep import DAMPVSEPSinglesDataset as DAMPVSEPSinglesDataset
    from separate_cli.data.datasets.dns import DNSDataset as DNSDataset
    from separate_cli.data.datasets.fuss import FUSSDataset as FUSSDataset
    from separate_cli.data.datasets.librimix import LibriMix as LibriMix
    from separate_cli.data.datasets.librivad import LibriVADDataset as LibriVADDataset
    from separate_cli.data.datasets.musdb18 import MUSDB18Dataset as MUSDB18Dataset
    from separate_cli.data.datasets.online_mixing import online_mixing_collate as online_mixing_collate
    from separate_cli.data.datasets.sms_wsj import SmsWsjDataset as SmsWsjDataset
    from separate_cli.data.datasets.wham import WhamDataset as WhamDataset
    from separate_cli.data.datasets.wham import WhamRDataset as WhamRDataset
    from separate_cli.data.datasets.wsj0_mix import KinectWsjMixDataset as KinectWsjMixDataset
    from separate_cli.data.datasets.wsj0_mix import Wsj0mixDataset as Wsj0mixDataset
    from separate_cli.data.examples import make_examples as make_examples

_WHERE: dict[str, str] = {
    "AVSpeechDataset": "datasets.avspeech",
    "DAMPVSEPSinglesDataset": "datasets.damp_vsep",
    "DNSDataset": "datasets.dns",
    "FUSSDataset": "datasets.fuss",
    "KinectWsjMixDataset": "datasets.wsj0_mix",
    "LibriMix": "datasets.librimix",
    "LibriVADDataset": "datasets.librivad",
    "MUSDB18Dataset": "datasets.musdb18",
    "SmsWsjDataset": "datasets.sms_wsj",
    "WhamDataset": "datasets.wham",
    "WhamRDataset": "datasets.wham",
    "Wsj0mixDataset": "datasets.wsj0_mix",
    "make_examples": "examples",
    "online_mixing_collate": "datasets.online_mixing",
}

__all__ = list(_WHERE)
__getattr__, __dir__ = names_of(__name__, _WHERE)
