"""Negative signal-to-distortion ratios: SI-SDR, SD-SDR and SNR, for every pair, for one source, or over all sources.

    estimates (batch, est, time), references (batch, ref, time)
        --PairwiseNegSDR--> (batch, est, ref)     the matrix that permutation-invariant training searches
        --MultiSrcNegSDR--> (batch)               mean over sources in the given order
    estimate (batch, time), reference (batch, time)
        --SingleSrcNegSDR--> (batch)

With e the estimate, s the reference, both without their mean when ``zero_mean``, and a = <e, s> / (|s|² + EPS):

    =======  ===========  ==========
    type     target       distortion     loss = -10 log10(|target|² / (|distortion|² + EPS) + EPS)
    =======  ===========  ==========
    sisdr    a s          e - a s        scale-invariant: the level of the estimate does not matter
    sdsdr    a s          e - s          scale-dependent: a wrong level counts twice
    snr      s            e - s          the plain ratio
    =======  ===========  ==========

Source: Le Roux et al., "SDR - half-baked or well done?", ICASSP 2019; the energy floors are where
Asteroid 0.7 has them, and ``EPS`` is honoured by all three classes.
Checked: tests/losses/test_sdr.py (NumPy reference in float64, values written by Asteroid, 100 dB in float32).
"""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor, nn

from separate_cli.losses.checks import check_finite, check_same_shape, check_sources
from separate_cli.losses.gram import Gram

__all__ = [
    "MultiSrcNegSDR",
    "PairwiseNegSDR",
    "SDRType",
    "SingleSrcNegSDR",
    "multisrc_neg_sdsdr",
    "multisrc_neg_sisdr",
    "multisrc_neg_snr",
    "pairwise_neg_sdsdr",
    "pairwise_neg_sisdr",
    "pairwise_neg_snr",
    "singlesrc_neg_sdsdr",
    "singlesrc_neg_sisdr",
    "singlesrc_neg_snr",
]

SDRType = Literal["sisdr", "sdsdr", "snr"]


class _NegSDR(nn.Module):
    """What the three classes share: the options and the formula."""

    def __init__(self, sdr_type: SDRType, zero_mean: bool = True, take_log: bool = True, EPS: float = 1e-8) -> None:
        super().__init__()
        if sdr_type not in get_args(SDRType):
            raise ValueError(f"Expected sdr_type to be one of {', '.join(get_args(SDRType))}, got {sdr_type!r}.")
        if not EPS >= 0:
            raise ValueError(f"Expected EPS to be 0 or more, got {EPS}.")
        self.sdr_type = sdr_type
        self.zero_mean = zero_mean
        self.take_log = take_log
        self.EPS = EPS

    def extra_repr(self) -> str:
        return f"{self.sdr_type!r}, zero_mean={self.zero_mean}, take_log={self.take_log}, EPS={self.EPS:g}"

    def _pairwise(self, estimates: Tensor, references: Tensor) -> Tensor:
        """``(batch, est, time)`` and ``(batch, ref, time)`` → ``(batch, est, ref)``."""
        gram = Gram.of(estimates, references, zero_mean=self.zero_mean)
        scale = gram.dot / (gram.reference_energy + self.EPS)
        target = gram.reference_energy if self.sdr_type == "snr" else scale * scale * gram.reference_energy
        ratio = target / (gram.residual_energy(scale if self.sdr_type == "sisdr" else 1.0) + self.EPS)
        return -10 * torch.log10(ratio + self.EPS) if self.take_log else -ratio


class PairwiseNegSDR(_NegSDR):
    """Negative SDR of every estimate against every reference: what ``PITLossWrapper(..., pit_from="pw_mtx")`` wants.

    Args:
        sdr_type: ``"sisdr"``, ``"sdsdr"`` or ``"snr"``.
        zero_mean: Remove the mean of both signals first.
        take_log: In dB; otherwise the negative plain ratio.
        EPS: Energy floor; bounds the result to about ±80 dB for unit-energy signals, and a silent reference to +80 dB.

    >>> ref = torch.tensor([[[1.0, -1.0, 1.0, -1.0], [1.0, 1.0, -1.0, -1.0]]])
    >>> PairwiseNegSDR("sisdr")(ref.flip(1) + 0.1 * ref, ref).round()
    tensor([[[ 20., -20.],
             [-20.,  20.]]])
    """

    def forward(self, estimates: Tensor, references: Tensor) -> Tensor:
        """Score every pair.

        Args:
            estimates: ``(batch, est, time)``. Half precision is summed in float32.
            references: ``(batch, ref, time)``; ``ref`` may differ from ``est``.

        Returns:
            ``(batch, est, ref)``; ``[b, i, j]`` scores ``estimates[b, i]`` as ``references[b, j]``.

        Raises:
            ValueError: If shapes, types or devices do not fit, or a value is NaN or infinite.
        """
        estimates, references = check_sources(estimates, references, ndim=3)
        return check_finite(self._pairwise(estimates, references), estimates, references)


class SingleSrcNegSDR(_NegSDR):
    """Negative SDR of one source: what ``PITLossWrapper(..., pit_from="pw_pt")`` wants.

    Args:
        sdr_type: ``"sisdr"``, ``"sdsdr"`` or ``"snr"``.
        zero_mean: Remove the mean of both signals first.
        take_log: In dB; otherwise the negative plain ratio.
        reduction: ``"none"`` for one value an item, ``"mean"`` for their mean.
        EPS: Energy floor.

    >>> ref = torch.tensor([[1.0, -1.0, 1.0, -1.0]])
    >>> SingleSrcNegSDR("snr")(1.1 * ref, ref)
    tensor([-20.0000])
    """

    def __init__(
        self,
        sdr_type: SDRType,
        zero_mean: bool = True,
        take_log: bool = True,
        reduction: Literal["none", "mean"] = "none",
        EPS: float = 1e-8,
    ) -> None:
        super().__init__(sdr_type, zero_mean, take_log, EPS)
        if reduction not in {"none", "mean"}:
            raise ValueError(f"Expected reduction to be 'none' or 'mean', got {reduction!r}.")
        self.reduction = reduction

    def forward(self, estimate: Tensor, reference: Tensor) -> Tensor:
        """Score ``estimate`` against ``reference``, both ``(batch, time)``.

        Returns:
            ``(batch)``, or a scalar for ``reduction="mean"``.

        Raises:
            ValueError: If shapes, types or devices do not fit, or a value is NaN or infinite.
        """
        estimate, reference = check_same_shape(estimate, reference, axes="batch, time")
        loss = self._pairwise(estimate.unsqueeze(1), reference.unsqueeze(1)).flatten()  # (batch)
        check_finite(loss, estimate, reference)
        return loss.mean() if self.reduction == "mean" else loss


class MultiSrcNegSDR(_NegSDR):
    """Mean negative SDR over sources in the given order: what ``pit_from="perm_avg"`` and MixIT want.

    Args:
        sdr_type: ``"sisdr"``, ``"sdsdr"`` or ``"snr"``.
        zero_mean: Remove the mean of both signals first.
        take_log: In dB; otherwise the negative plain ratio.
        EPS: Energy floor.

    >>> ref = torch.tensor([[[1.0, -1.0, 1.0, -1.0], [1.0, 1.0, -1.0, -1.0]]])
    >>> MultiSrcNegSDR("snr")(1.1 * ref, ref)
    tensor([-20.0000])
    """

    def forward(self, estimates: Tensor, references: Tensor) -> Tensor:
        """Score ``estimates`` against ``references``, both ``(batch, source, time)``.

        Returns:
            ``(batch)``.

        Raises:
            ValueError: If shapes, types or devices do not fit, or a value is NaN or infinite.
        """
        estimates, references = check_same_shape(estimates, references, axes="batch, source, time")
        batch, sources, time = estimates.shape
        pairs = (batch * sources, 1, time)
        loss = self._pairwise(estimates.reshape(pairs), references.reshape(pairs)).view(batch, sources).mean(1)
        return check_finite(loss, estimates, references)


pairwise_neg_sisdr = PairwiseNegSDR("sisdr")
pairwise_neg_sdsdr = PairwiseNegSDR("sdsdr")
pairwise_neg_snr = PairwiseNegSDR("snr")
singlesrc_neg_sisdr = SingleSrcNegSDR("sisdr")
singlesrc_neg_sdsdr = SingleSrcNegSDR("sdsdr")
singlesrc_neg_snr = SingleSrcNegSDR("snr")
multisrc_neg_sisdr = MultiSrcNegSDR("sisdr")
multisrc_neg_sdsdr = MultiSrcNegSDR("sdsdr")
multisrc_neg_snr = MultiSrcNegSDR("snr")
