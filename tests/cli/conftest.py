"""Run ``sep`` in this process, as a user would."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner


@dataclass
class Outcome:
    code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> dict[str, Any]:
        """What ``--json`` printed."""
        return json.loads(self.stdout)


Sep = Callable[..., Outcome]


@pytest.fixture
def sep() -> Sep:
    from separate_cli.cli.app import app

    def run(*arguments: str | Path) -> Outcome:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
        return Outcome(result.exit_code, result.stdout, result.stderr)

    return run


TINY_RECIPE = """
extends: demask
prepare:
  speech:
    librispeech: {{path: {speech}, split: {{rule: speaker, valid: ["4"], test: ["5"]}}}}
train:
  examples: {{segment_seconds: 0.5, examples_per_epoch: 16, valid_examples: 4}}
  model: {{args: {{hidden_dims: [16]}}}}
  schedule: !replace {{kind: plateau}}
  batch_size: 4
  epochs: 2
  device: cpu
  workers: 0
  samples: 0
eval:
  metrics: [si_sdr, lsd]
  masks: [N95]
  saved_examples: 0
  device: cpu
  workers: 1
"""


@pytest.fixture
def tiny_workspace(tmp_path: Path, speech_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with ``tiny.yaml``: DeMask on invented speech, in seconds."""
    (tmp_path / "tiny.yaml").write_text(TINY_RECIPE.format(speech=json.dumps(str(speech_folder))))
    monkeypatch.chdir(tmp_path)
    return tmp_path
