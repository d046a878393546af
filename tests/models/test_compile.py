"""Compiled models give the eager numbers, at sizes that they were not compiled at too."""

from __future__ import annotations

import pytest
import torch

from tiny_models import TINY, build, inputs_of


def assert_compiled_is_eager(name: str, backend: str) -> None:
    model = build(name)
    torch.compiler.reset()
    compiled = torch.compile(model, backend=backend, dynamic=True)
    with torch.no_grad():
        for batch, samples in [(2, 1000), (3, 1234)]:
            inputs = inputs_of(model, batch, samples).values()
            expected = model(*inputs)
            assert (compiled(*inputs) - expected).abs().max() <= 1e-5 * expected.abs().max()


@pytest.mark.parametrize("name", ["ConvTasNet", "LSTMTasNet"])
def test_recorded_graphs_give_the_same_numbers(name: str) -> None:
    assert_compiled_is_eager(name, "eager")


@pytest.mark.compile
@pytest.mark.filterwarnings("ignore")  # of the compiler: sizes, precision, devices that are not there
@pytest.mark.parametrize("name", [name for name in TINY if name != "CaCGMM"])  # which iterates in NumPy
def test_compiled_models_give_the_same_numbers(name: str) -> None:
    assert_compiled_is_eager(name, "inductor")
