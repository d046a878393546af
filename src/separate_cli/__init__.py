"""Audio source separation and speech enhancement that just work.

The public names load when they are first used, so that ``import separate_cli`` costs nothing:

    from separate_cli import ConvTasNet, DeMask, from_pretrained
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from separate_cli.hub.loading import from_pretrained as from_pretrained
    from separate_cli.models.base import Separator as Separator
    from separate_cli.models.cacgmm import CaCGMM as CaCGMM
    from separate_cli.models.chimera import Chimera as Chimera
    from separate_cli.models.conv_tasnet import ConvTasNet as ConvTasNet
    from separate_cli.models.dccrnet import DCCRNet as DCCRNet
    from separate_cli.models.dcunet import DCUNet as DCUNet
    from separate_cli.models.demask import DeMask as DeMask
    from separate_cli.models.dns_baseline import DNSBaseline as DNSBaseline
    from separate_cli.models.dprnn_tasnet import DPRNNTasNet as DPRNNTasNet
    from separate_cli.models.dptnet import DPTNet as DPTNet
    from separate_cli.models.fasnet_tac import FasNetTAC as FasNetTAC
    from separate_cli.models.looking_to_listen import LookingToListen as LookingToListen
    from separate_cli.models.lstm_tasnet import LSTMTasNet as LSTMTasNet
    from separate_cli.models.multi_decoder_dprnn import MultiDecoderDPRNN as MultiDecoderDPRNN
    from separate_cli.models.sudormrf import SuDORMRFImprovedNet as SuDORMRFImprovedNet
    from separate_cli.models.sudormrf import SuDORMRFNet as SuDORMRFNet
    from separate_cli.models.two_step import TwoStepTDCN as TwoStepTDCN
    from separate_cli.models.vad_net import VADNet as VADNet
    from separate_cli.models.xumx import XUMX as XUMX

__version__ = "0.1.0"

_WHERE: dict[str, str] = {
    "CaCGMM": "separate_cli.models.cacgmm",
    "Chimera": "separate_cli.models.chimera",
    "ConvTasNet": "separate_cli.models.conv_tasnet",
    "DCCRNet": "separate_cli.models.dccrnet",
    "DCUNet": "separate_cli.models.dcunet",
    "DNSBaseline": "separate_cli.models.dns_baseline",
    "DPRNNTasNet": "separate_cli.models.dprnn_tasnet",
    "DPTNet": "separate_cli.models.dptnet",
    "DeMask": "separate_cli.models.demask",
    "FasNetTAC": "separate_cli.models.fasnet_tac",
    "LSTMTasNet": "separate_cli.models.lstm_tasnet",
    "LookingToListen": "separate_cli.models.looking_to_listen",
    "MultiDecoderDPRNN": "separate_cli.models.multi_decoder_dprnn",
    "Separator": "separate_cli.models.base",
    "SuDORMRFImprovedNet": "separate_cli.models.sudormrf",
    "SuDORMRFNet": "separate_cli.models.sudormrf",
    "TwoStepTDCN": "separate_cli.models.two_step",
    "VADNet": "separate_cli.models.vad_net",
    "XUMX": "separate_cli.models.xumx",
    "from_pretrained": "separate_cli.hub.loading",
}

__all__ = ["__version__", *_WHERE]  # noqa: PLE0604  the table is the list


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_WHERE[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_WHERE])
