"""Numbers of Asteroid 0.7.0, reproduced.

``goldens/*.npz`` hold tiny models with random weights: class and arguments, weights, input and
output of the call in eval mode.
``SEP_ACCEPTANCE_GOLDENS`` names a folder of published-format checkpoints to check in addition.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from separate_cli import models
from separate_cli.models import Separator

GOLDENS = sorted((Path(__file__).parent / "goldens").glob("*.npz"))
CHECKPOINTS = sorted(Path(os.environ.get("SEP_ACCEPTANCE_GOLDENS", os.devnull)).glob("checkpoints/*.pth"))
MINE = ["ConvTasNet", "DPRNNTasNet", "DPTNet", "DeMask", "LSTMTasNet", "SuDORMRFImprovedNet", "SuDORMRFNet", "VADNet"]


def assert_close(found: torch.Tensor, expected: torch.Tensor) -> None:
    assert found.shape == expected.shape
    assert (found - expected).abs().max() <= 1e-5 * expected.abs().max()


def check(model: Separator, wav: torch.Tensor, expected: torch.Tensor) -> None:
    threads = torch.get_num_threads()
    assert_close(model(wav).detach(), expected)
    try:
        for count in (1, 2):  # what is computed in place depends on the number of threads
            torch.set_num_threads(count)
            with torch.inference_mode():
                assert_close(model(wav), expected)
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize("path", GOLDENS, ids=lambda path: path.stem)
def test_model_gives_asteroids_numbers(path: Path) -> None:
    golden = np.load(path)
    config = json.loads(str(golden["config"]))
    model = models.get(config["model"])(**config["model_args"])
    prefix = "state/"
    model.load_state_dict({k[len(prefix) :]: torch.from_numpy(golden[k]) for k in golden.files if k.startswith(prefix)})
    check(model.eval(), torch.from_numpy(golden["input"]), torch.from_numpy(golden["output"]))


@pytest.mark.acceptance
@pytest.mark.parametrize("path", CHECKPOINTS, ids=lambda path: path.stem)
def test_published_checkpoint_gives_asteroids_numbers(path: Path) -> None:
    stored = torch.load(path, map_location="cpu", weights_only=False)
    if stored["model_name"] not in MINE:
        pytest.skip(f"{stored['model_name']} is checked elsewhere")
    model = models.get(stored["model_name"])(**stored["model_args"])
    model.load_state_dict(stored["state_dict"])
    numbers = np.load(path.with_suffix(".npz"))
    check(model.eval(), torch.from_numpy(numbers["input"]), torch.from_numpy(numbers["output"]))
