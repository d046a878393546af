"""Numbers of Asteroid, reproduced, for models too large to keep their weights here.

``goldens/seeded/*.npz`` hold class, arguments, the names and shapes of the weights, input and output in eval mode; the
weights are drawn again from a seed, in the order of their names.
``SEP_ACCEPTANCE_GOLDENS`` names a folder of published-format checkpoints to check in addition.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from separate_cli import models
from separate_cli.models import Separator

GOLDENS = sorted((Path(__file__).parent / "goldens" / "seeded").glob("*.npz"))
CHECKPOINTS = [
    path
    for name in ("dcunet", "dccrnet", "fasnet_tac", "xumx")
    for path in sorted(Path(os.environ.get("SEP_ACCEPTANCE_GOLDENS", os.devnull)).glob(f"checkpoints/{name}*.pth"))
]


def weights(state: dict[str, torch.Tensor], seed: int) -> dict[str, torch.Tensor]:
    """Normal numbers from NumPy's frozen generator: matrices at unit gain, scales about 1, the rest about 0."""
    random = np.random.RandomState(seed)
    drawn = {}
    for key in sorted(state):
        value = state[key]
        drawn[key] = value
        if not value.is_floating_point() or "filterbank" in key or key.endswith("window"):
            continue
        numbers = random.standard_normal(tuple(value.shape)).astype(np.float32)
        if value.ndim > 1:
            numbers = numbers / np.sqrt(np.float32(numbers.size / numbers.shape[0]))
        elif key.endswith("running_var"):
            numbers = 1 + 0.2 * abs(numbers)
        elif key.endswith("weight") or "gamma" in key or "scale" in key.rsplit(".", 1)[-1]:
            numbers = 1 + 0.2 * numbers
        else:
            numbers = 0.2 * numbers
        drawn[key] = value.new_tensor(numbers)
    return drawn


def check(model: Separator, golden: Any) -> None:
    wav, expected = torch.from_numpy(golden["input"]), torch.from_numpy(golden["output"])
    options = {"valid_mics": torch.from_numpy(golden["valid_mics"])} if "valid_mics" in golden else {}
    with torch.inference_mode():
        found = model.eval()(wav, **options)
        assert found.shape[-1] == wav.shape[-1]
        found = found[..., : expected.shape[-1]]  # X-UMX ended at the last whole hop
        assert found.shape == expected.shape
        assert (found - expected).abs().max() <= 1e-5 * expected.abs().max()
        if "spectrogram" in golden:
            expected = torch.from_numpy(golden["spectrogram"])
            assert (model.masked_magnitudes(wav) - expected).abs().max() <= 1e-5 * expected.abs().max()


@pytest.mark.parametrize("path", GOLDENS, ids=lambda path: path.stem)
def test_model_gives_asteroids_numbers_and_has_its_weights(path: Path) -> None:
    golden = np.load(path)
    config = json.loads(str(golden["config"]))
    model = models.get(config["model"])(**config["model_args"])
    assert {key: list(value.shape) for key, value in model.state_dict().items()} == json.loads(str(golden["keys"]))
    model.load_state_dict(weights(model.state_dict(), config["seed"]))
    check(model, golden)


@pytest.mark.acceptance
@pytest.mark.parametrize("path", CHECKPOINTS, ids=lambda path: path.stem)
def test_published_checkpoint_gives_asteroids_numbers(path: Path) -> None:
    model = Separator.from_pretrained(path)
    check(model, np.load(path.with_suffix(".npz")))
