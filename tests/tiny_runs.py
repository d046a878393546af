"""A run that is prepared, trained and scored by the real stages in a second or two."""

from __future__ import annotations

import json
from pathlib import Path

__all__ = ["RECIPE", "run_recipe"]

RECIPE = """
extends: demask
prepare:
  speech:
    librispeech: {{path: {speech}, split: {{rule: speaker, valid: ["4"], test: ["5"]}}}}
train:
  examples: {{segment_seconds: 0.25, examples_per_epoch: 4, valid_examples: 2}}
  model: {{args: {{hidden_dims: [4]}}}}
  schedule: !replace {{kind: plateau}}
  batch_size: 2
  epochs: 1
  device: cpu
  workers: 0
  tensorboard: false
eval:
  metrics: [si_sdr, lsd]
  masks: [N95, surgical]
  saved_examples: 2
  device: cpu
  workers: 1
"""


def run_recipe(workspace: Path, speech: Path, *overrides: str) -> None:
    """Bring the run ``tiny`` of a workspace up to date."""
    from separate_cli.pipeline.inventory import note_run
    from separate_cli.pipeline.plan import make_plan
    from separate_cli.pipeline.runner import run_plan
    from separate_cli.recipes.load import load_recipe
    from separate_cli.stages.assemble import assemble

    recipe = workspace / "tiny.yaml"
    recipe.write_text(RECIPE.format(speech=json.dumps(str(speech))))
    stages = assemble(load_recipe(str(recipe), overrides))
    names = [stage.name for stage in stages]
    note_run(workspace / "exp" / "tiny", recipe=str(recipe), overrides=list(overrides), stages=names)
    run_plan(make_plan(stages, workspace=workspace, run="tiny"))
