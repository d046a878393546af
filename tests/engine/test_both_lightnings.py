"""``System`` is a module to the trainers of ``lightning`` and of ``pytorch_lightning``, in whatever order they come."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

MAKE = """
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
vectors = torch.randn(8, 4)
loader = DataLoader(TensorDataset(vectors, vectors), batch_size=4)
model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5).eval())
system = System(model, torch.optim.SGD(model.parameters(), lr=0.1), nn.functional.mse_loss, loader, loader)
"""
FIT = """
Trainer(max_epochs=1, accelerator="cpu", logger=False, enable_checkpointing=False).fit(system)
print("trained", isinstance(system, System))
"""
OURS = "from separate_cli.engine import System\n"
OLD, NEW = "from pytorch_lightning import Trainer\n", "from lightning import Trainer\n"
BOTH = "import lightning.pytorch, pytorch_lightning\n"
ORDERS = {
    "ours, old": OURS + OLD + MAKE + FIT,
    "old, ours, new": OLD + OURS + NEW + MAKE + FIT,
    "both, ours, old": BOTH + OURS + OLD + MAKE + FIT,
    "ours, made, one after the other": OURS + MAKE + OLD + FIT + NEW + FIT + OLD + FIT,
    "ours, fit, old": "from separate_cli.engine import System, fit; fit\n" + OLD + MAKE + FIT,
}


def run(script: str, folder: Path) -> str:
    quiet = "import warnings; warnings.simplefilter('ignore')\n"
    done = subprocess.run(
        [sys.executable, "-c", quiet + script], capture_output=True, text=True, cwd=folder, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("order", ORDERS)
def test_a_trainer_takes_a_system_whatever_was_imported_first(order: str, tmp_path: Path) -> None:
    assert run(ORDERS[order], tmp_path).count("trained True") == ORDERS[order].count(FIT)


WHOLE = """
import PACKAGE as pl
from PACKAGE.callbacks import Callback, EarlyStopping, ModelCheckpoint
from PACKAGE.loggers import CSVLogger

from separate_cli.engine.schedulers import SinkPITBetaScheduler
from separate_cli.losses import SinkPITLossWrapper, pairwise_neg_sisdr

seen = []

class Mine(System):
    def on_train_epoch_end(self):
        seen.append("module")

class Other(Callback):
    def on_validation_end(self, trainer, pl_module):
        seen.append("sanity" if trainer.sanity_checking else "callback")

waves = torch.randn(8, 2, 50)
loader = DataLoader(TensorDataset(waves, waves), batch_size=4)

def make():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(50, 50), nn.Dropout(0.5).eval())
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    loss = SinkPITLossWrapper(pairwise_neg_sisdr, n_iter=5)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
    return Mine(model, optimizer, loss, loader, loader, plateau, {"task": "toy"})

def train(system, epochs, **options):
    best = ModelCheckpoint("kept", monitor="val_loss", save_last=True)
    trainer = pl.Trainer(
        max_epochs=epochs, accelerator="cpu", logger=CSVLogger("."), log_every_n_steps=1, gradient_clip_val=1.0,
        accumulate_grad_batches=2, callbacks=[best, EarlyStopping("val_loss"), Other(), SinkPITBetaScheduler()],
    )
    trainer.fit(system, **options)
    return trainer, best

whole, _ = train(make(), 2)
seen.clear()
_, best = train(make(), 1)
assert seen == ["sanity", "callback", "module"], seen
again = make()
trainer, best = train(again, 2, ckpt_path=best.last_model_path)
for one, other in zip(whole.lightning_module.parameters(), again.parameters(), strict=True):
    assert torch.equal(one, other)
assert again.loss_func.beta == 1.02 and trainer.global_step == 2
assert not again.model[1].training, "Lightning leaves the modes as they were"
assert {"loss", "val_loss", "hp_metric"} <= {word for path in __import__("pathlib").Path(".").rglob("metrics.csv")
                                              for word in path.read_text().split()[0].split(",")}
assert torch.load(best.best_model_path, weights_only=True)["training_config"] == {"task": "toy"}
trainer.validate(again, verbose=False)
"""


@pytest.mark.parametrize("package", ["lightning.pytorch", "pytorch_lightning"])
@pytest.mark.parametrize("first", [OLD, ""])
def test_hooks_logs_checkpoints_and_modes_are_those_of_the_trainer(package: str, first: str, tmp_path: Path) -> None:
    run(first + OURS + BOTH + MAKE + WHOLE.replace("PACKAGE", package), tmp_path)


@pytest.mark.parametrize("package", ["lightning.pytorch", "pytorch_lightning"])
def test_no_hook_is_taken_for_overridden_that_is_not(package: str, tmp_path: Path) -> None:
    script = f"""
from {package}.utilities.model_helpers import is_overridden
from {package} import LightningModule, Trainer
Trainer(fast_dev_run=True, accelerator="cpu").fit(system)
ours = {{"forward", "training_step", "validation_step", "on_validation_epoch_end", "configure_optimizers",
        "lr_scheduler_step", "train_dataloader", "val_dataloader", "on_save_checkpoint"}}
hooks = {{name for name in dir(LightningModule) if hasattr(getattr(LightningModule, name), "__code__")}}
found = {{name for name in hooks if name[0] != "_" and is_overridden(name, system)}}
assert found == ours, found ^ ours
"""
    run(OURS + BOTH + MAKE + script, tmp_path)


def test_sep_train_loads_one_lightning_only(tmp_path: Path) -> None:
    script = "import sys\nimport separate_cli.stages.train\n" + OURS + MAKE
    script += "assert 'lightning.pytorch' in sys.modules and 'pytorch_lightning' not in sys.modules"
    run(script, tmp_path)


def test_a_lightning_that_cannot_be_loaded_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "pytorch_lightning").mkdir()
    (tmp_path / "pytorch_lightning" / "__init__.py").write_text("raise AttributeError('np.Inf was removed')")
    assert "trained True" in run(OURS + MAKE + NEW + FIT, tmp_path)
