"""Corpora, manifests and torch data sets.

The data sets load when they are first used:

    from separate_cli.data import LibriMix

    train_loader, valid_loader = LibriMix.loaders_from_mini(task="sep_clean", batch_size=16)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

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
    "AVSpeechDataset": "separate_cli.data.datasets.avspeech",
    "DAMPVSEPSinglesDataset": "separate_cli.data.datasets.damp_vsep",
    "DNSDataset": "separate_cli.data.datasets.dns",
    "FUSSDataset": "separate_cli.data.datasets.fuss",
    "KinectWsjMixDataset": "separate_cli.data.datasets.wsj0_mix",
    "LibriMix": "separate_cli.data.datasets.librimix",
    "LibriVADDataset": "separate_cli.data.datasets.librivad",
    "MUSDB18Dataset": "separate_cli.data.datasets.musdb18",
    "SmsWsjDataset": "separate_cli.data.datasets.sms_wsj",
    "WhamDataset": "separate_cli.data.datasets.wham",
    "WhamRDataset": "separate_cli.data.datasets.wham",
    "Wsj0mixDataset": "separate_cli.data.datasets.wsj0_mix",
    "make_examples": "separate_cli.data.examples",
    "online_mixing_collate": "separate_cli.data.datasets.online_mixing",
}

__all__ = list(_WHERE)


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_WHERE[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_WHERE])
