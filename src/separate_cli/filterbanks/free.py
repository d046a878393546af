"""Free filterbank: every tap of every filter is learned.

Source: Luo & Mesgarani, "TasNet", ICASSP 2018 (learned 1-D basis instead of an STFT).
Checked: tests/filterbanks/test_free.py (golden numbers, initial spread).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from separate_cli.filterbanks.base import Filterbank
from separate_cli.filterbanks.catalogue import FILTERBANKS

__all__ = ["FreeFB"]


@FILTERBANKS.add("free")
class FreeFB(Filterbank):
    """Free filterbank, initialised from a normal distribution with Xavier's variance.

    Args: see ``Filterbank``.

    >>> FreeFB(n_filters=512, kernel_size=16).filters().shape
    torch.Size([512, 1, 16])
    """

    def __init__(
        self, n_filters: int, kernel_size: int, stride: int | None = None, sample_rate: float = 8000.0
    ) -> None:
        super().__init__(n_filters, kernel_size, stride=stride, sample_rate=sample_rate)
        self._filters = nn.Parameter(torch.empty(self.n_filters, 1, self.kernel_size))
        nn.init.xavier_normal_(self._filters)

    def filters(self) -> Tensor:
        """The learned filters, ``(n_filters, 1, kernel)``."""
        return self._filters
