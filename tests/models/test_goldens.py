"""Numbers of Asteroid 0.7.0, reproduced.

``goldens/*.npz`` hold tiny models with random weights: class and arguments, weights, input and
output of the call in eval mode.
Published-format checkpoints are checked in ``tests/hub/test_acceptance.py``.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from separate_cli import models
from separate_cli.models import Separator

GOLDENS = sorted((Path(__file__).parent / "goldens").glob("*.npz"))


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
