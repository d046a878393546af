"""How loud a sound is to people: ITU-R BS.1770, by pyloudnorm."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from separate_cli.errors import UsageError

__all__ = ["loudness_lufs", "need_loudness"]

_BLOCK_SECONDS = 0.4


def loudness_lufs(wave: NDArray[Any], *, sample_rate: int, block_seconds: float = _BLOCK_SECONDS) -> float:
    """Integrated loudness of ``wave``, ``(time)``; a sound shorter than a block is repeated until it fills one.

    Returns:
        In LUFS; ``-inf`` for silence.

    Raises:
        UsageError: If pyloudnorm is not installed.
    """
    if not np.any(wave):
        return float("-inf")
    needed = int(np.ceil(block_seconds * sample_rate)) + 1
    if len(wave) < needed:
        wave = np.tile(wave, -(-needed // len(wave)))
    meter = need_loudness().Meter(sample_rate, block_size=block_seconds)
    with np.errstate(divide="ignore"):
        return float(meter.integrated_loudness(wave.astype(np.float64)))


def need_loudness() -> Any:
    """The module ``pyloudnorm``.

    Raises:
        UsageError: If it is not installed.
    """
    try:
        import pyloudnorm
    except ImportError as error:
        raise UsageError(
            "This corpus needs pyloudnorm, which measures loudness.", hint='pip install "separate-cli[loudness]"'
        ) from error
    return pyloudnorm
