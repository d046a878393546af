"""Ratios that stay sensible when a source is silent: thresholded SNR and SI-SDR, and source-aggregated SDR.

The plain ratios answer a silent reference with +80 dB whatever the estimate, and a perfect estimate with about -100 dB,
so that one silent or solved source outweighs all others. Three remedies from the literature:

    threshold   10 log10((|distortion|² + τ |target|²) / |target|²), τ = 10^(-max_db / 10)
                bends to -max_db: a source that is good enough stops pulling          (Wisdom 2020)
    silence     10 log10((|estimate|² + τ |mixture|²) / |mixture|²) where the reference is silent
                from 0 dB (as loud as the mixture) to -max_db (silent too)            (Wisdom 2021)
    aggregate   10 log10((Σ |distortion|² + τ Σ |reference|²) / Σ |reference|²), summed over sources
                a silent source asks for a quiet estimate, at no extra rule            (von Neumann 2022)

Source: Wisdom et al., "Unsupervised sound separation using mixture invariant training", NeurIPS 2020; Wisdom et al.,
"What's all the FUSS about free universal sound separation data?", ICASSP 2021; von Neumann et al., "SA-SDR: a novel
loss function for separation of meeting style data", ICASSP 2022.
Differs: the silent form is divided by the mixture's energy, a constant for the estimate, so that it does not depend on
the level of the recording; the threshold is also offered for SI-SDR and SD-SDR.
Checked: tests/losses/test_silence.py (NumPy reference, bounds, finite gradients at silence).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from separate_cli.losses.checks import check_finite, check_same_shape, check_sources
from separate_cli.losses.gram import Gram
from separate_cli.losses.sdr import SDRType

__all__ = [
    "MultiSrcNegSASDR",
    "MultiSrcNegTSDR",
    "PairwiseNegTSDR",
    "multisrc_neg_sasdr",
    "multisrc_neg_tsisdr",
    "multisrc_neg_tsnr",
    "pairwise_neg_tsisdr",
    "pairwise_neg_tsnr",
]


class _Thresholded(nn.Module):
    """The options and the formula that the pairwise and the multi-source class share."""

    def __init__(
        self,
        sdr_type: SDRType = "snr",
        *,
        max_db: float = 30.0,
        silence_db: float = -80.0,
        zero_mean: bool = False,
        EPS: float = 1e-8,
    ) -> None:
        super().__init__()
        if sdr_type not in {"sisdr", "sdsdr", "snr"}:
            raise ValueError(f"Expected sdr_type to be one of sisdr, sdsdr, snr, got {sdr_type!r}.")
        if not EPS > 0:
            raise ValueError(f"Expected EPS above 0, got {EPS}.")
        self.sdr_type = sdr_type
        self.max_db = max_db
        self.silence_db = silence_db
        self.zero_mean = zero_mean
        self.EPS = EPS

    def extra_repr(self) -> str:
        return f"{self.sdr_type!r}, max_db={self.max_db:g}, silence_db={self.silence_db:g}, zero_mean={self.zero_mean}"

    def _pairwise(self, estimates: Tensor, references: Tensor, mixture: Tensor | None) -> Tensor:
        """``(batch, est, time)`` and ``(batch, ref, time)`` → ``(batch, est, ref)``."""
        gram = Gram.of(estimates, references, zero_mean=self.zero_mean)
        energy = gram.reference_energy
        scale = gram.dot / (energy + self.EPS)
        target = energy if self.sdr_type == "snr" else scale * scale * energy
        distortion = gram.residual_energy(scale if self.sdr_type == "sisdr" else 1.0)
        loudest = _mixture_energy(references, mixture)  # (batch, 1, 1)
        silent = energy <= loudest * 10 ** (self.silence_db / 10)
        wrong = torch.where(silent, gram.estimate_energy, distortion)
        scale_of = torch.where(silent, loudest, target)
        tau = 10 ** (-self.max_db / 10)
        return 10 * torch.log10((wrong + tau * scale_of + self.EPS) / (scale_of + self.EPS))


class PairwiseNegTSDR(_Thresholded):
    """Thresholded negative SDR of every estimate against every reference; for ``PITLossWrapper``.

    Args:
        sdr_type: ``"snr"`` (as published), ``"sisdr"`` or ``"sdsdr"``.
        max_db: Where the ratio is bent to its limit, in dB.
        silence_db: References this far below the mixture, in dB, count as silent.
        zero_mean: Remove the mean of all signals first.
        EPS: Energy floor, above 0: all-silent items give about 0 dB and a zero gradient.

    >>> references = torch.tensor([[[3.0, -3.0, 3.0, -3.0], [0.0, 0.0, 0.0, 0.0]]])
    >>> PairwiseNegTSDR()(references, references).round()
    tensor([[[-30.,   0.],
             [  0., -30.]]])
    """

    def forward(self, estimates: Tensor, references: Tensor, mixture: Tensor | None = None) -> Tensor:
        """Score every pair.

        Args:
            estimates: ``(batch, est, time)``.
            references: ``(batch, ref, time)``; silent ones are welcome.
            mixture: What was separated, ``(batch, time)``; None for the sum of the references.

        Returns:
            ``(batch, est, ref)``; ``[b, i, j]`` scores ``estimates[b, i]`` as ``references[b, j]``.

        Raises:
            ValueError: If shapes, types or devices do not fit, or a value is NaN or infinite.
        """
        estimates, references = check_sources(estimates, references, ndim=3)
        return check_finite(self._pairwise(estimates, references, mixture), estimates, references)


class MultiSrcNegTSDR(_Thresholded):
    """Mean thresholded negative SDR over sources in the given order; options as for ``PairwiseNegTSDR``.

    >>> references = torch.tensor([[[3.0, -3.0, 3.0, -3.0], [0.0, 0.0, 0.0, 0.0]]])
    >>> MultiSrcNegTSDR()(references, references).round()
    tensor([-30.])
    """

    def forward(self, estimates: Tensor, references: Tensor, mixture: Tensor | None = None) -> Tensor:
        """Score ``estimates`` against ``references``, both ``(batch, source, time)``; returns ``(batch)``.

        Raises:
            ValueError: If shapes, types or devices do not fit, or a value is NaN or infinite.
        """
        estimates, references = check_same_shape(estimates, references, axes="batch, source, time")
        pairwise = self._pairwise(estimates, references, mixture)
        return check_finite(pairwise.diagonal(dim1=1, dim2=2).mean(1), estimates, references)


class MultiSrcNegSASDR(nn.Module):
    """Source-aggregated negative SDR: energies are summed over sources before the ratio is taken.

    Args:
        max_db: Where the ratio is bent to its limit, in dB; ``inf`` for no limit.
        EPS: Energy floor, above 0.

    >>> references = torch.tensor([[[3.0, -3.0, 3.0, -3.0], [0.0, 0.0, 0.0, 0.0]]])
    >>> MultiSrcNegSASDR()(1.1 * references, references).round()
    tensor([-20.])
    """

    def __init__(self, *, max_db: float = math.inf, EPS: float = 1e-8) -> None:
        super().__init__()
        if not EPS > 0:
            raise ValueError(f"Expected EPS above 0, got {EPS}.")
        self.max_db = max_db
        self.EPS = EPS

    def forward(self, estimates: Tensor, references: Tensor) -> Tensor:
        """Score ``estimates`` against ``references``, both ``(batch, source, time)``; returns ``(batch)``.

        Raises:
            ValueError: If shapes, types or devices do not fit, or a value is NaN or infinite.
        """
        estimates, references = check_same_shape(estimates, references, axes="batch, source, time")
        distortion = (estimates - references).square().sum((1, 2))
        energy = references.square().sum((1, 2))
        tau = 10 ** (-self.max_db / 10)
        loss = 10 * torch.log10((distortion + tau * energy + self.EPS) / (energy + self.EPS))
        return check_finite(loss, estimates, references)


def _mixture_energy(references: Tensor, mixture: Tensor | None) -> Tensor:
    if mixture is None:
        mixture = references.sum(1)
    elif mixture.shape != references[:, 0].shape:
        raise ValueError(
            f"Expected mixture (batch, time) = {tuple(references[:, 0].shape)}, got {tuple(mixture.shape)}."
        )
    return mixture.detach().to(references.dtype).square().sum(1)[:, None, None]


pairwise_neg_tsnr = PairwiseNegTSDR("snr")
pairwise_neg_tsisdr = PairwiseNegTSDR("sisdr", zero_mean=True)
multisrc_neg_tsnr = MultiSrcNegTSDR("snr")
multisrc_neg_tsisdr = MultiSrcNegTSDR("sisdr", zero_mean=True)
multisrc_neg_sasdr = MultiSrcNegSASDR()
