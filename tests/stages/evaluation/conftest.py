"""Prepared mixtures of invented sources, and tiny models to score on them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from corpora.mixtures import make

Inputs = dict[str, Path]


@pytest.fixture
def two_speakers(tmp_path: Path) -> Inputs:
    return make(tmp_path / "prepared", [2, 2, 2, 2])


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Inputs]:
    """Save a model as what ``train`` has made."""

    def save(name: str, **arguments: Any) -> Inputs:
        import torch

        from separate_cli.hub.checkpoint import save_checkpoint
        from separate_cli.models import get

        torch.manual_seed(0)
        save_checkpoint(get(name)(**arguments), tmp_path / "trained" / "model.safetensors")
        return {"train": tmp_path / "trained"}

    return save


@pytest.fixture
def separator(save: Callable[..., Inputs]) -> Inputs:
    return save("ConvTasNet", n_src=2, n_filters=8, bn_chan=4, hid_chan=8, skip_chan=4, n_blocks=1, n_repeats=1)
