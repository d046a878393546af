"""Every model is a name of ``separate_cli.models``, loaded when it is asked for; type checkers see the same."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import separate_cli
from separate_cli import models
from separate_cli.models import BaseEncoderMaskerDecoder, BaseModel, BaseTasNet, DPRNNTasNet, EncoderMaskerDecoder

OF_ASTEROID = {
    *("BaseModel", "ConvTasNet", "DCCRNet", "DCUNet", "DPRNNTasNet", "DPTNet", "DeMask", "FasNetTAC", "LSTMTasNet"),
    *("SuDORMRFImprovedNet", "SuDORMRFNet", "XUMX", "get", "register_model"),
}
"""What Asteroid 0.7 has in ``asteroid.models``, less publishing."""


def test_all_names_of_asteroid_and_all_models_are_there() -> None:
    assert OF_ASTEROID | {*models.available()} <= {*models.__all__} <= {*dir(models)}
    for name in models.available():
        assert getattr(models, name) is getattr(separate_cli, name) is models.get(name)


def test_base_classes_have_asteroids_names_too() -> None:
    assert issubclass(DPRNNTasNet, BaseEncoderMaskerDecoder) and issubclass(models.XUMX, BaseModel)
    assert BaseModel is models.Separator and BaseTasNet is BaseEncoderMaskerDecoder is EncoderMaskerDecoder


def test_type_checkers_see_the_names_that_programs_see() -> None:
    tree = ast.parse(Path(models.__file__).read_text("utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    rows = [(row.module, alias) for row in block.body if isinstance(row, ast.ImportFrom) for alias in row.names]
    assert all(alias.asname == alias.name for _, alias in rows)
    assert {alias.name: str(module).removeprefix("separate_cli.models.") for module, alias in rows} == models._WHERE


def test_a_model_loads_its_own_file_only() -> None:
    script = "import sys; from separate_cli.models import DeMask; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert "separate_cli.models.demask" in loaded and "separate_cli.models.xumx" not in loaded


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'DPRNN'"):
        _ = models.DPRNN
