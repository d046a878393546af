"""A tiny DeMask pipeline on invented speech, stage by stage, without the runner."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.base import StageSpec
from separate_cli.specs.corpora.demask import DemaskCorpus
from separate_cli.specs.train import TrainSpec
from separate_cli.stages import prepare


def inputs_of(spec: StageSpec, prefix: str = "") -> dict[str, Path]:
    return {f"{prefix}{name}": path for name, (path, _) in spec.sources().items()}


@pytest.fixture(scope="session")
def prepare_spec(speech_folder: Path) -> DemaskCorpus:
    librispeech = {
        "path": speech_folder,
        "split": {"rule": "speaker", "valid": ["4"], "test": ["5"]},
        "licence": "CC0",
        "url": "https://example.org",
        "author": "nobody",
    }
    return DemaskCorpus.model_validate({"speech": {"librispeech": librispeech}})


@pytest.fixture(scope="session")
def prepared(prepare_spec: DemaskCorpus, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The inputs of a stage after ``prepare``."""
    folder = tmp_path_factory.mktemp("prepared")
    prepare.run(prepare_spec, StageContext(folder, inputs_of(prepare_spec)))
    return {"prepare": folder, **inputs_of(prepare_spec, "prepare.")}


@pytest.fixture(scope="session")
def train_spec() -> Callable[..., TrainSpec]:
    def make(**changes: Any) -> TrainSpec:
        return TrainSpec.model_validate(
            {
                "examples": {"kind": "demask", "segment_seconds": 0.5},
                "model": {"name": "DeMask", "args": {"hidden_dims": [16], "norm_type": "cLN", "input_type": "log"}},
                "loss": {"singlesrc_neg_sisdr": {}, "mse": {"name": "multisrc_mse", "weight": 10}},
                "batch_size": 4,
                "epochs": 2,
                "device": "cpu",
                "workers": 0,
                "tensorboard": False,
                "samples": 0,
                **changes,
            }
        )

    return make
