"""Losses by name: all of Asteroid's, lazily, in any case, with help for a typing error."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from separate_cli import losses
from separate_cli.losses import catalogue

ASTEROID = [
    *(f"{prefix}_neg_{kind}" for prefix in ("pairwise", "singlesrc", "multisrc") for kind in ("sisdr", "sdsdr", "snr")),
    *("pairwise_mse", "singlesrc_mse", "multisrc_mse", "deep_clustering_loss", "PITLossWrapper", "MixITLossWrapper"),
    *("SinkPITLossWrapper", "PITReorder", "PairwiseNegSDR", "SingleSrcNegSDR", "MultiSrcNegSDR", "SingleSrcPMSQE"),
    *("SingleSrcNegSTOI", "SingleSrcMultiScaleSpectral", "F1_loss"),
]


@pytest.mark.parametrize("name", ASTEROID)
def test_asteroids_names_import_and_are_found_by_string(name: str) -> None:
    assert getattr(losses, name) is losses.get(name.upper())


def test_every_row_leads_to_a_public_name_of_its_file() -> None:
    assert catalogue.FILES
    for name, file in catalogue.FILES.items():
        source = (Path(catalogue.__file__).parent / f"{file}.py").read_text(encoding="utf-8")
        assert name in losses.get(name).__class__.__module__ or f'"{name}"' in source
        assert losses.get(name) is getattr(losses, name)


def test_the_type_checkers_mirror_names_the_same_things() -> None:
    tree = ast.parse(Path(losses.__file__).read_text(encoding="utf-8"))
    guarded = next(node for node in tree.body if isinstance(node, ast.If))
    mirror = {
        (alias.name, str(node.module).rsplit(".", 1)[1])
        for node in guarded.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert mirror == set(catalogue.FILES.items())


def test_an_unknown_name_is_answered_with_close_ones() -> None:
    with pytest.raises(ValueError, match="closest names are: pairwise_neg_sisdr"):
        losses.get("pairwise_neg_si_sdr")
    with pytest.raises(AttributeError, match="no attribute 'pairwise_neg_si_sdr'"):
        _ = losses.pairwise_neg_si_sdr


def test_importing_the_room_loads_no_torch() -> None:
    code = "import sys, separate_cli.losses; assert 'torch' not in sys.modules and 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_loss_of_ones_own_is_found_and_names_stay_unique(monkeypatch: pytest.MonkeyPatch) -> None:
    from separate_cli.registry import Registry

    monkeypatch.setattr(catalogue, "_NAMES", Registry("loss"))
    monkeypatch.setattr(catalogue, "_REGISTERED", Registry("loss"))
    own = object()
    losses.register_loss("my_loss", own)
    assert losses.get("MY_loss") is own
    with pytest.raises(ValueError, match="already taken"):
        losses.register_loss("My_Loss", object())
