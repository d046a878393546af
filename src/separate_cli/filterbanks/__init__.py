"""Encoders and decoders between waves and frames. ``make_enc_dec(name, ...)`` builds a pair by name."""

from separate_cli.filterbanks import transforms
from separate_cli.filterbanks.analytic_free import AnalyticFreeFB
from separate_cli.filterbanks.base import Decoder, Encoder, Filterbank
from separate_cli.filterbanks.catalogue import get, make_enc_dec, register_filterbank
from separate_cli.filterbanks.free import FreeFB
from separate_cli.filterbanks.gammatone import MultiphaseGammatoneFB
from separate_cli.filterbanks.mel import MelGramFB, MelScale
from separate_cli.filterbanks.param_sinc import ParamSincFB
from separate_cli.filterbanks.pcen import PCEN, StatefulPCEN
from separate_cli.filterbanks.phase import griffin_lim, misi
from separate_cli.filterbanks.stft import STFTFB, perfect_synthesis_window
from separate_cli.filterbanks.torch_stft import TorchSTFTFB

__all__ = [
    "PCEN",
    "STFTFB",
    "AnalyticFreeFB",
    "Decoder",
    "Encoder",
    "Filterbank",
    "FreeFB",
    "MelGramFB",
    "MelScale",
    "MultiphaseGammatoneFB",
    "ParamSincFB",
    "StatefulPCEN",
    "TorchSTFTFB",
    "get",
    "griffin_lim",
    "make_enc_dec",
    "misi",
    "perfect_synthesis_window",
    "register_filterbank",
    "transforms",
]
