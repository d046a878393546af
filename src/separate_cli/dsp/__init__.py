"""Signal functions without weights."""

from separate_cli.dsp.beamformers import (
    BeamFormer,
    Beamformer,
    GEVBeamformer,
    GEVDBeamformer,
    MvdrBeamformer,
    RTFMVDRBeamformer,
    SDWMWFBeamformer,
    SdwMwfBeamformer,
    SoudenMVDRBeamformer,
    get_optimal_reference_mic,
)
from separate_cli.dsp.consistency import mixture_consistency
from separate_cli.dsp.covariance import SCM, compute_scm
from separate_cli.dsp.deltas import compute_delta, concat_deltas
from separate_cli.dsp.dual_path import DualPathProcessing
from separate_cli.dsp.levels import normalize_estimates, scale_to_peak
from separate_cli.dsp.overlap import LambdaOverlapAdd
from separate_cli.dsp.spatial import level_differences, phase_differences, xcorr
from separate_cli.dsp.vad import Binarize, ebased_vad
from separate_cli.dsp.windows import overlap_weights, taper

__all__ = [
    "SCM",
    "BeamFormer",
    "Beamformer",
    "Binarize",
    "DualPathProcessing",
    "GEVBeamformer",
    "GEVDBeamformer",
    "LambdaOverlapAdd",
    "MvdrBeamformer",
    "RTFMVDRBeamformer",
    "SDWMWFBeamformer",
    "SdwMwfBeamformer",
    "SoudenMVDRBeamformer",
    "compute_delta",
    "compute_scm",
    "concat_deltas",
    "ebased_vad",
    "get_optimal_reference_mic",
    "level_differences",
    "mixture_consistency",
    "normalize_estimates",
    "overlap_weights",
    "phase_differences",
    "scale_to_peak",
    "taper",
    "xcorr",
]
