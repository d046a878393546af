"""Every published-format checkpoint of the golden folder: the numbers through ``load_model``, and after conversion."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from separate_cli.hub import load_model, save_checkpoint
from separate_cli.hub.checkpoint import write_weights
from separate_cli.hub.export import export_model
from separate_cli.hub.loading import read_weights

CHECKPOINTS = sorted(Path(os.environ.get("SEP_ACCEPTANCE_GOLDENS", os.devnull)).glob("checkpoints/*.pth"))
pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.parametrize("path", CHECKPOINTS, ids=lambda path: path.stem),
]


def test_load_model_gives_asteroids_numbers(path: Path) -> None:
    golden = np.load(path.with_suffix(".npz"))
    model = load_model(path).model
    assert not model.training
    with torch.no_grad():
        found = model(torch.from_numpy(golden["input"])).numpy()
    expected = golden["output"]  # X-UMX: Asteroid drops the samples after the last whole hop
    assert found.shape == (*expected.shape[:-1], golden["input"].shape[-1])
    assert np.abs(found[..., : expected.shape[-1]] - expected).max() <= 1e-5 * np.abs(expected).max()


def test_conversion_keeps_every_bit_of_the_output(path: Path, tmp_path: Path) -> None:
    mixture = torch.from_numpy(np.load(path.with_suffix(".npz"))["input"])
    model = load_model(path).model
    write_weights(read_weights(path), tmp_path / "converted.safetensors")
    save_checkpoint(model, tmp_path / "saved.safetensors")
    with torch.no_grad():
        expected = model(mixture)
        for name in ("converted", "saved"):
            assert torch.equal(load_model(tmp_path / f"{name}.safetensors").model(mixture), expected)


def test_the_checkpoint_exports_to_onnx(path: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    assert export_model(load_model(path).model, tmp_path / "model.onnx").relative_error <= 1e-5
