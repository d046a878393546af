"""Separation models, one paper a file.

    from separate_cli.models import DPRNNTasNet    # loads its file and no other
    models.get("dprnntasnet")                      # the same, by name

Base classes are here under the names that Asteroid's users know, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from separate_cli.lazy import names_of
from separate_cli.models.base import Separator
from separate_cli.models.catalogue import FILES, available, get, register_model

if TYPE_CHECKING:
    from separate_cli.models.cacgmm import CaCGMM as CaCGMM
    from separate_cli.models.chimera import Chimera as Chimera
    from separate_cli.models.conv_tasnet import ConvTasNet as ConvTasNet
    from separate_cli.models.dccrnet import DCCRNet as DCCRNet
    from separate_cli.models.dcunet import DCUNet as DCUNet
    from separate_cli.models.demask import DeMask as DeMask
    from separate_cli.models.dns_baseline import DNSBaseline as DNSBaseline
    from separate_cli.models.dprnn_tasnet import DPRNNTasNet as DPRNNTasNet
    from separate_cli.models.dptnet import DPTNet as DPTNet
    from separate_cli.models.encoder_masker_decoder import BaseEncoderMaskerDecoder as BaseEncoderMaskerDecoder
    from separate_cli.models.encoder_masker_decoder import BaseTasNet as BaseTasNet
    from separate_cli.models.encoder_masker_decoder import EncoderMaskerDecoder as EncoderMaskerDecoder
    from separate_cli.models.fasnet_tac import FasNetTAC as FasNetTAC
    from separate_cli.models.looking_to_listen import LookingToListen as LookingToListen
    from separate_cli.models.lstm_tasnet import LSTMTasNet as LSTMTasNet
    from separate_cli.models.multi_decoder_dprnn import MultiDecoderDPRNN as MultiDecoderDPRNN
    from separate_cli.models.sudormrf import SuDORMRFImprovedNet as SuDORMRFImprovedNet
    from separate_cli.models.sudormrf import SuDORMRFNet as SuDORMRFNet
    from separate_cli.models.two_step import TwoStepTDCN as TwoStepTDCN
    from separate_cli.models.vad_net import VADNet as VADNet
    from separate_cli.models.xumx import XUMX as XUMX

BaseModel = Separator
"""Asteroid's name."""

_WHERE: dict[str, str] = {
    **FILES,
    "BaseEncoderMaskerDecoder": "encoder_masker_decoder",
    "BaseTasNet": "encoder_masker_decoder",
    "EncoderMaskerDecoder": "encoder_masker_decoder",
}
"""Public name → file in this folder."""

__all__ = ["BaseModel", "Separator", "available", "get", "register_model", *_WHERE]  # noqa: PLE0604  the table is the list
__getattr__, __dir__ = names_of(__name__, _WHERE)
