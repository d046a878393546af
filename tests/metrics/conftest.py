"""Golden signals: two trains of syllables, estimates in the wrong order, what the reference programs say of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

Goldens = dict[str, npt.NDArray[np.float64]]


@pytest.fixture(scope="session")
def goldens() -> Goldens:
    """``tests/metrics/goldens/synthetic.npz``; waves at full scale 1. See ``make_goldens.py`` beside it."""
    with np.load(Path(__file__).parent / "goldens" / "synthetic.npz") as archive:
        return {
            name: array / 32768 if array.dtype == np.int16 else np.asarray(array) for name, array in archive.items()
        }
