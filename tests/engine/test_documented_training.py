"""What the docs and Asteroid's README show of training in Python runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

README_OF_ASTEROID = """
import warnings
warnings.simplefilter("ignore")
from torch import optim
from pytorch_lightning import Trainer
from separate_cli import ConvTasNet
from separate_cli.losses import PITLossWrapper
from separate_cli.engine import System

import torch
from torch.utils.data import DataLoader, TensorDataset
sources = torch.randn(2, 2, 400)
train_loader = val_loader = DataLoader(TensorDataset(sources.sum(1), sources), batch_size=2)

model = ConvTasNet(n_src=2, n_filters=8, bn_chan=4, hid_chan=4, skip_chan=4, n_blocks=1, n_repeats=1)
optimizer = optim.Adam(model.parameters(), lr=1e-3)
loss = PITLossWrapper(
    lambda x, y: (x - y).pow(2).mean(-1),
    pit_from="pw_pt",
)
system = System(model, optimizer, loss, train_loader, val_loader)
trainer = Trainer(max_epochs=1)
trainer.fit(system)
print("trained", float(trainer.callback_metrics["val_loss"]) > 0)
"""
"""Its sample with the package's name changed, and a small model on invented data."""


def run(script: str, folder: Path) -> str:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=folder, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_asteroids_sample_trains_with_the_lightning_that_it_imports(tmp_path: Path) -> None:
    assert "trained True" in run(README_OF_ASTEROID, tmp_path)


def test_the_documented_sample_trains(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "reference" / "training.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert "System(" in script
    run("import warnings\nwarnings.simplefilter('ignore')\n" + script, tmp_path)
