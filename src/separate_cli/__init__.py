"""Audio source separation and speech enhancement that just work.

The public names load when they are first used, so that ``import separate_cli`` costs nothing:

    from separate_cli import ConvTasNet, DeMask, from_pretrained
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from separate_cli.lazy import names_of

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
    "CaCGMM": "models.cacgmm",
    "Chimera": "models.chimera",
    "ConvTasNet": "models.conv_tasnet",
    "DCCRNet": "models.dccrnet",
    "DCUNet": "models.dcunet",
    "DNSBaseline": "models.dns_baseline",
    "DPRNNTasNet": "models.dprnn_tasnet",
    "DPTNet": "models.dptnet",
    "DeMask": "models.demask",
    "FasNetTAC": "models.fasnet_tac",
    "LSTMTasNet": "models.lstm_tasnet",
    "LookingToListen": "models.looking_to_listen",
    "MultiDecoderDPRNN": "models.multi_decoder_dprnn",
    "Separator": "models.base",
    "SuDORMRFImprovedNet": "models.sudormrf",
    "SuDORMRFNet": "models.sudormrf",
    "TwoStepTDCN": "models.two_step",
    "VADNet": "models.vad_net",
    "XUMX": "models.xumx",
    "from_pretrained": "hub.loading",
}

__all__ = ["__version__", *_WHERE]  # noqa: PLE0604  the table is the list
__getattr__, __dir__ = names_of(__name__, _WHERE)
