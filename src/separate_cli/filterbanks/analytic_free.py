"""Analytic free filterbank: learned filters and their quadrature partners, real parts above imaginary parts.

    learned (n_filters / 2, 1, kernel) --fixed linear map--> partners; both stacked: (n_filters, 1, kernel)

Source: Pariente et al., "Filterbank design for end-to-end speech separation", ICASSP 2020, section 3.1.
Differs: the partner that published weights were trained with is not the Hilbert transform of the paper but the filter
reversed in time (the conjugate of its spectrum). That is the default; ``quadrature="hilbert"`` is the paper's.
Checked: tests/filterbanks/test_analytic_free.py (golden numbers, SciPy's Hilbert transform).
"""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from separate_cli.filterbanks.base import Filterbank
from separate_cli.filterbanks.catalogue import FILTERBANKS

__all__ = ["AnalyticFreeFB"]


@FILTERBANKS.add("analytic_free")
class AnalyticFreeFB(Filterbank):
    """Learned real parts; imaginary parts that follow from them.

    Args:
        n_filters: Real and imaginary parts together; an odd number is rounded down.
        kernel_size: Length of a filter in samples.
        stride: Samples between two frames; half the kernel unless given.
        sample_rate: In Hz.
        quadrature: How an imaginary part follows: ``"reversed"`` (circular time reversal, as in published weights) or
            ``"hilbert"`` (Hilbert transform: the response hardly depends on the phase of the wave).

    Raises:
        ValueError: If there is not one pair of filters, or ``quadrature`` is unknown.

    >>> AnalyticFreeFB(n_filters=64, kernel_size=16).filters().shape
    torch.Size([64, 1, 16])
    """

    own_arguments: ClassVar[tuple[str, ...]] = ("quadrature",)
    _partner_map: Tensor

    def __init__(
        self,
        n_filters: int,
        kernel_size: int,
        stride: int | None = None,
        sample_rate: float = 8000.0,
        *,
        quadrature: Literal["reversed", "hilbert"] = "reversed",
    ) -> None:
        super().__init__(n_filters, kernel_size, stride=stride, sample_rate=sample_rate)
        if self.n_filters < 2:
            raise ValueError(f"Expected at least 2 filters, a real and an imaginary part, got {n_filters}.")
        if quadrature not in _PARTNER_MAPS:
            raise ValueError(f"quadrature must be one of {', '.join(_PARTNER_MAPS)}, got {quadrature!r}.")
        self.quadrature = quadrature
        self.n_feats_out = self.n_filters // 2 * 2
        self._filters = nn.Parameter(torch.empty(self.n_filters // 2, 1, self.kernel_size))
        nn.init.xavier_normal_(self._filters)
        self.register_buffer("_partner_map", _PARTNER_MAPS[quadrature](self.kernel_size), persistent=False)

    def filters(self) -> Tensor:
        """Real parts above imaginary parts, ``(n_feats_out, 1, kernel)``."""
        return torch.cat([self._filters, self._filters @ self._partner_map])


def _reversal(size: int) -> Tensor:
    """The matrix that takes sample ``n`` to ``-n mod size``."""
    return torch.eye(size).flip(1).roll(1, dims=1)


def _hilbert(size: int) -> Tensor:
    """The matrix of the discrete Hilbert transform: positive frequencies by -i, negative by i, DC and Nyquist by 0."""
    frequencies = torch.fft.fftfreq(size, dtype=torch.float64)
    turn = -1j * frequencies.sign() * (frequencies.abs() < 0.5)
    transform: Tensor = torch.fft.ifft(torch.fft.fft(torch.eye(size, dtype=torch.float64)) * turn).real
    return transform.float()


_PARTNER_MAPS = {"reversed": _reversal, "hilbert": _hilbert}
