"""Encoders and decoders between waves and frames. ``make_enc_dec(name, ...)`` builds a pair by name."""

from separate_cli.filterbanks import transforms
from separate_cli.filterbanks.base import Decoder, Encoder, Filterbank
from separate_cli.filterbanks.catalogue import get, make_enc_dec, register_filterbank
from separate_cli.filterbanks.free import FreeFB
from separate_cli.filterbanks.stft import STFTFB, perfect_synthesis_window

__all__ = [
    "STFTFB",
    "Decoder",
    "Encoder",
    "Filterbank",
    "FreeFB",
    "get",
    "make_enc_dec",
    "perfect_synthesis_window",
    "register_filterbank",
    "transforms",
]
