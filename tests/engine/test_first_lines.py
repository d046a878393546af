"""The first lines that Asteroid's users know run with the package's name changed, and but a smaller model."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from corpora import mini_librimix

GETTING_STARTED = """
from torch import optim
from pytorch_lightning import Trainer
from asteroid import DPRNNTasNet
from asteroid.losses import pairwise_neg_sisdr, PITLossWrapper
from asteroid.data import LibriMix
from asteroid.engine import System
train_loader, val_loader = LibriMix.loaders_from_mini(task="sep_clean", batch_size=16)
model = DPRNNTasNet(n_src=2)
loss = PITLossWrapper(pairwise_neg_sisdr, pit_from="pw_mtx")
optimizer = optim.Adam(model.parameters(), lr=1e-3)
system = System(model, optimizer, loss, train_loader, val_loader)
trainer = Trainer(max_epochs=1)
trainer.fit(system)
"""
"""Of Asteroid's first notebook."""

README = """
from asteroid.models import ConvTasNet
from asteroid.losses import PITLossWrapper
from asteroid.data import LibriMix
from asteroid.engine.system import System
from torch import optim
from pytorch_lightning import Trainer
train_loader, val_loader = LibriMix.loaders_from_mini(task="sep_clean", batch_size=16)
model = ConvTasNet(n_src=2)
optimizer = optim.Adam(model.parameters(), lr=1e-3)
loss = PITLossWrapper(
    lambda x, y: (x - y).pow(2).mean(-1),
    pit_from="pw_pt",
)
system = System(model, optimizer, loss, train_loader, val_loader)
trainer = Trainer(fast_dev_run=True)
trainer.fit(system)
"""
"""Of Asteroid's documentation."""

SMALL = {
    "DPRNNTasNet(n_src=2)": "DPRNNTasNet(n_src=2, n_filters=4, bn_chan=4, hid_size=4, n_repeats=1)",
    "ConvTasNet(n_src=2)": "ConvTasNet(n_src=2, n_filters=8, bn_chan=4, hid_chan=4, skip_chan=4, n_blocks=1)",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where Asteroid has left MiniLibriMix: mixtures of three seconds and more."""
    here = tmp_path_factory.mktemp("here")
    mini_librimix.make(here, train=16, val=2, frames=24000)
    return here


@pytest.mark.parametrize("trainers", ["pytorch_lightning", "lightning", "lightning.pytorch"])
@pytest.mark.parametrize("sample", [GETTING_STARTED, README], ids=["notebook", "readme"])
def test_asteroids_first_lines_train_a_model(sample: str, trainers: str, folder: Path) -> None:
    script = sample.replace("from asteroid", "from separate_cli").replace("pytorch_lightning", trainers)
    (model,) = (name for name in SMALL if name in script)
    script = script.replace(model, f"{SMALL[model]}\nbefore = [weight.clone() for weight in model.parameters()]")
    script += "print('steps', trainer.global_step, 'val_loss' in trainer.callback_metrics)\n"
    script += "print('moved', any((a != b).any() for a, b in zip(before, model.parameters())))"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, cwd=folder, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "steps 1 True" in done.stdout and "moved True" in done.stdout


@pytest.mark.parametrize("loss", ["pairwise_neg_sisdr, pit_from='pw_mtx'", "singlesrc_neg_sisdr, pit_from='pw_pt'"])
def test_losses_are_given_to_pit_as_in_asteroid(loss: str) -> None:
    import torch

    from separate_cli import losses

    made = eval(f"PITLossWrapper({loss})", vars(losses) | {name: getattr(losses, name) for name in losses.__all__})
    references = torch.randn(3, 2, 100, generator=torch.Generator().manual_seed(0))
    assert made(references.flip(1), references) < -50
