"""The stage turns what may go wrong with a model into failures that the user understands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from separate_cli.hub import LoadedModel, load_model, save_checkpoint
from separate_cli.models.demask import DeMask
from separate_cli.specs.infer import InferSpec
from separate_cli.stages.infer import infer


@pytest.fixture
def loaded(tmp_path: Path) -> LoadedModel:
    torch.manual_seed(0)
    save_checkpoint(DeMask(hidden_dims=[8], norm_type="cLN"), tmp_path / "tiny.safetensors")
    return load_model(tmp_path / "tiny.safetensors")


@pytest.fixture
def talk(tmp_path: Path) -> str:
    soundfile.write(tmp_path / "talk.wav", np.random.default_rng(0).uniform(-0.1, 0.1, 3000), 16000)
    return str(tmp_path / "talk.wav")


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")]
)
def test_too_little_memory_is_a_failure_with_advice(
    loaded: LoadedModel, talk: str, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(self: DeMask, wav: torch.Tensor) -> torch.Tensor:
        raise error

    monkeypatch.setattr(DeMask, "forward", exhausted)
    [outcome] = infer(loaded, [talk], InferSpec())
    assert outcome.error is not None
    assert "--chunk-seconds" in outcome.error.hint


def test_a_fault_in_a_model_is_not_hidden(loaded: LoadedModel, talk: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: DeMask, wav: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("shapes do not fit")

    monkeypatch.setattr(DeMask, "forward", broken)
    with pytest.raises(RuntimeError, match="shapes"):
        list(infer(loaded, [talk], InferSpec()))


def test_the_device_and_overwriting_do_not_make_it_other_work(loaded: LoadedModel, talk: str) -> None:
    [first] = infer(loaded, [talk], InferSpec())
    [second] = infer(loaded, [talk], InferSpec(device="cpu"))
    [third] = infer(loaded, [talk], InferSpec(bits="24"))
    assert (first.status, second.status, third.status) == ("done", "up to date", "done")
    assert third.why == "other settings"
