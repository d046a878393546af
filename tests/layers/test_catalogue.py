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


def test_suggestions_come_from_every_kind_of_layer() -> None:
    with pytest.raises(ValueError, match="the closest names are: GlobLN, "):
        layers.get("gLNN")
    with pytest.raises(ValueError, match="the closest names are: prelu, "):
        layers.get("prelux")
    with pytest.raises(TypeError, match="as text"):
        layers.get(None)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["DCUMaskNet", "DCCRMaskNet"])
def test_names_of_asteroid_lead_to_the_complex_u_net(name: str) -> None:
    assert layers.get(name) is layers.get("ComplexUNet")
    assert name not in layers.available()
