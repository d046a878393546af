"""Layers by name."""

from __future__ import annotations

import pytest
import torch

from separate_cli import layers


def test_every_listed_layer_is_there() -> None:
    names = layers.available()
    assert len(names) > 30
    for name in names:
        assert callable(layers.get(name)), name


def test_names_are_case_insensitive_and_unknown_ones_get_suggestions() -> None:
    assert layers.get("mulcatrnn") is layers.recurrent.MulCatRNN
    assert layers.get("GRU") is torch.nn.GRU
    with pytest.raises(ValueError, match="Unknown layer 'UBlok'; the closest names are: UBlock"):
        layers.get("UBlok")
