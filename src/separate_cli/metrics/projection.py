"""Least-squares projection of signals on a few rows and their delays: the engine of BSS-eval.

    rows (row, time) --FFT--> correlations --> Gram matrix (row·tap, row·tap), block Toeplitz, positive definite
    signals (signal, time) --FFT--> right-hand sides --Cholesky--> filters (signal, row, tap)
    filters * rows --FFT--> projections (signal, time + taps - 1)

The Gram matrix belongs to the rows alone, so estimates and mixture share it. Cholesky, not LU: it takes half the work,
and batched LU solves are not trustworthy on every machine.

Checked: tests/metrics/test_bss.py (against direct least squares in the time domain, also with two torch threads).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import fft, linalg

from separate_cli.metrics.waves import FloatArray

__all__ = ["DelayedRows", "filtered_sum"]


_RIDGE = 1e-11
"""Against a unit diagonal: above the rounding errors of a Cholesky of any size that fits in memory."""


class DelayedRows:
    """The space spanned by ``rows`` and their delays of 0 to ``taps - 1`` samples.

    Args:
        rows: ``(row, time)``.
        taps: Number of delays.

    >>> rng = np.random.default_rng(0)
    >>> rows = rng.standard_normal((2, 1000))
    >>> delayed = np.roll(rows[:1], 3) * (np.arange(1000) >= 3)
    >>> DelayedRows(rows, taps=8).filters(delayed).round(2)[0, 0, 3]
    np.float64(1.0)
    """

    def __init__(self, rows: FloatArray, *, taps: int) -> None:
        self.taps = taps
        self._n_fft = fft.next_fast_len(rows.shape[1] + taps - 1, real=True)
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        self._norms = np.where(norms > 0, norms, 1)  # a quiet row must count as much as a loud one
        self._spectra = fft.rfft(rows / self._norms, self._n_fft)  # (row, bin)
        count = len(rows)
        self._gram = np.empty((count, taps, count, taps))
        for i in range(count):
            for j in range(i, count):
                circular = fft.irfft(self._spectra[i].conj() * self._spectra[j], self._n_fft)  # lag 0, 1, ..., -1
                lags = np.concatenate(
                    [circular[self._n_fft - taps + 1 :], circular[:taps]]
                )  # lag 1 - taps ... taps - 1
                # <row i delayed by a, row j delayed by b> is the correlation at lag a - b.
                block = np.lib.stride_tricks.sliding_window_view(lags, taps)[:, ::-1]
                self._gram[i, :, j] = block
                self._gram[j, :, i] = block.T

    def filters(self, signals: FloatArray, rows: Sequence[int] | None = None) -> FloatArray:
        """Filters that bring some rows (default: all) closest to each signal, ``(signal, row, tap)``.

        Args:
            signals: ``(signal, time)``.
            rows: Which rows to use.
        """
        used = list(range(len(self._spectra))) if rows is None else list(rows)
        products = fft.rfft(signals, self._n_fft)[:, None] * self._spectra[used].conj()  # (signal, row, bin)
        correlations = fft.irfft(products, self._n_fft)[..., : self.taps]  # (signal, row, tap)
        size = len(used) * self.taps
        gram = self._gram if rows is None else self._gram[np.ix_(used, range(self.taps), used, range(self.taps))]
        solved = _solve(gram.reshape(size, size), correlations.reshape(-1, size))
        filters: FloatArray = solved.reshape(correlations.shape) / self._norms[used]  # (signal, row, tap)
        return filters


def _solve(gram: FloatArray, right_sides: FloatArray) -> FloatArray:
    """Solve ``gram x = b`` for every row ``b``; where ``gram`` is singular, nearly least squares.

    Two rows are dependent when sources are equal, or the two channels of one are. Then a ridge is added, large enough
    for Cholesky, and its effect is taken back by refinement for all directions that carry energy.
    """
    try:
        factor = linalg.cho_factor(gram.T, lower=True, check_finite=False)  # symmetric; .T is LAPACK's order
        refinements = 0
    except linalg.LinAlgError:
        factor = linalg.cho_factor(gram + _RIDGE * np.eye(len(gram)), lower=True, check_finite=False)
        refinements = 3
    solved: FloatArray = linalg.cho_solve(factor, right_sides.T, check_finite=False)  # (row·tap, signal)
    for _ in range(refinements):
        solved = solved + linalg.cho_solve(factor, right_sides.T - gram @ solved, check_finite=False)
    transposed: FloatArray = solved.T
    return transposed


def filtered_sum(rows: FloatArray, filters: FloatArray) -> FloatArray:
    """Filter every row and add up: ``(signal, time + taps - 1)``.

    Args:
        rows: ``(row, time)``.
        filters: ``(signal, row, tap)``.
    """
    length = rows.shape[1] + filters.shape[2] - 1
    n_fft = fft.next_fast_len(length, real=True)
    spectra = np.einsum("srf,rf->sf", fft.rfft(filters, n_fft), fft.rfft(rows, n_fft))
    summed: FloatArray = fft.irfft(spectra, n_fft)[:, :length]
    return summed
