"""Training objectives; any loss becomes permutation-invariant.

The names load when they are first used:

    from separate_cli.losses import PITLossWrapper, pairwise_neg_sisdr

    objective = PITLossWrapper(pairwise_neg_sisdr, pit_from="pw_mtx")
    objective = PITLossWrapper(losses.get("pairwise_neg_sisdr"))    # the same, by name
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from separate_cli.losses.catalogue import FILES, available, get, register_loss

if TYPE_CHECKING:
    from separate_cli.losses.clustering import deep_clustering_loss as deep_clustering_loss
    from separate_cli.losses.clustering import whitened_clustering_loss as whitened_clustering_loss
    from separate_cli.losses.compressed import SingleSrcCompressedSpectral as SingleSrcCompressedSpectral
    from separate_cli.losses.consistent import MixtureConsistentLossWrapper as MixtureConsistentLossWrapper
    from separate_cli.losses.cross_entropy import BinaryCrossEntropy as BinaryCrossEntropy
    from separate_cli.losses.cross_entropy import binary_cross_entropy as binary_cross_entropy
    from separate_cli.losses.log_spectral import SingleSrcLogSpectralDistance as SingleSrcLogSpectralDistance
    from separate_cli.losses.mae import MultiSrcMAE as MultiSrcMAE
    from separate_cli.losses.mae import SingleSrcMAE as SingleSrcMAE
    from separate_cli.losses.mae import multisrc_mae as multisrc_mae
    from separate_cli.losses.mae import singlesrc_mae as singlesrc_mae
    from separate_cli.losses.mixit import MixITLossWrapper as MixITLossWrapper
    from separate_cli.losses.mse import MultiSrcMSE as MultiSrcMSE
    from separate_cli.losses.mse import PairwiseMSE as PairwiseMSE
    from separate_cli.losses.mse import SingleSrcMSE as SingleSrcMSE
    from separate_cli.losses.mse import multisrc_mse as multisrc_mse
    from separate_cli.losses.mse import pairwise_mse as pairwise_mse
    from separate_cli.losses.mse import singlesrc_mse as singlesrc_mse
    from separate_cli.losses.multi_resolution import SingleSrcMultiResolutionSTFT as SingleSrcMultiResolutionSTFT
    from separate_cli.losses.orpit import ORPITLossWrapper as ORPITLossWrapper
    from separate_cli.losses.pit import PITLossWrapper as PITLossWrapper
    from separate_cli.losses.pit import PITReorder as PITReorder
    from separate_cli.losses.pmsqe import SingleSrcPMSQE as SingleSrcPMSQE
    from separate_cli.losses.sdr import MultiSrcNegSDR as MultiSrcNegSDR
    from separate_cli.losses.sdr import PairwiseNegSDR as PairwiseNegSDR
    from separate_cli.losses.sdr import SingleSrcNegSDR as SingleSrcNegSDR
    from separate_cli.losses.sdr import multisrc_neg_sdsdr as multisrc_neg_sdsdr
    from separate_cli.losses.sdr import multisrc_neg_sisdr as multisrc_neg_sisdr
    from separate_cli.losses.sdr import multisrc_neg_snr as multisrc_neg_snr
    from separate_cli.losses.sdr import pairwise_neg_sdsdr as pairwise_neg_sdsdr
    from separate_cli.losses.sdr import pairwise_neg_sisdr as pairwise_neg_sisdr
    from separate_cli.losses.sdr import pairwise_neg_snr as pairwise_neg_snr
    from separate_cli.losses.sdr import singlesrc_neg_sdsdr as singlesrc_neg_sdsdr
    from separate_cli.losses.sdr import singlesrc_neg_sisdr as singlesrc_neg_sisdr
    from separate_cli.losses.sdr import singlesrc_neg_snr as singlesrc_neg_snr
    from separate_cli.losses.silence import MultiSrcNegSASDR as MultiSrcNegSASDR
    from separate_cli.losses.silence import MultiSrcNegTSDR as MultiSrcNegTSDR
    from separate_cli.losses.silence import PairwiseNegTSDR as PairwiseNegTSDR
    from separate_cli.losses.silence import multisrc_neg_sasdr as multisrc_neg_sasdr
    from separate_cli.losses.silence import multisrc_neg_tsisdr as multisrc_neg_tsisdr
    from separate_cli.losses.silence import multisrc_neg_tsnr as multisrc_neg_tsnr
    from separate_cli.losses.silence import pairwise_neg_tsisdr as pairwise_neg_tsisdr
    from separate_cli.losses.silence import pairwise_neg_tsnr as pairwise_neg_tsnr
    from separate_cli.losses.sinkpit import SinkPITLossWrapper as SinkPITLossWrapper
    from separate_cli.losses.soft_f1 import F1_loss as F1_loss
    from separate_cli.losses.soft_f1 import SoftF1Loss as SoftF1Loss
    from separate_cli.losses.spectral import SingleSrcMultiScaleSpectral as SingleSrcMultiScaleSpectral
    from separate_cli.losses.stoi import SingleSrcNegSTOI as SingleSrcNegSTOI

__all__ = ["available", "get", "register_loss", *FILES]  # noqa: PLE0604  the table is the list


def __getattr__(name: str) -> Any:
    if name not in FILES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = get(name)
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *FILES])
