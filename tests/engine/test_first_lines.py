"""The first lines that Asteroid's users know: data, model, loss, optimizer, System, Trainer."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from corpora import mini_librimix


@pytest.mark.filterwarnings("ignore::Warning")  # Lightning's advice
def test_the_lines_of_asteroids_readme_train_a_model(tmp_path: Path) -> None:
    mini_librimix.make(tmp_path, train=4, val=2, frames=4000)
    from lightning import Trainer

    from separate_cli import ConvTasNet
    from separate_cli.data import LibriMix
    from separate_cli.engine import System
    from separate_cli.losses import PITLossWrapper

    train_loader, val_loader = LibriMix.loaders_from_mini(
        task="sep_clean", batch_size=2, folder=tmp_path / "MiniLibriMix", segment=0.25
    )
    model = ConvTasNet(n_src=2, n_filters=16, bn_chan=8, hid_chan=16, skip_chan=8, n_blocks=2, n_repeats=1)
    before = [weight.clone() for weight in model.parameters()]
    loss = PITLossWrapper(lambda x, y: (x - y).pow(2).mean(-1), pit_from="pw_pt")
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    system = System(model, optimizer, loss, train_loader, val_loader)
    trainer = Trainer(
        max_epochs=1,
        accelerator="cpu",
        devices=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        default_root_dir=tmp_path,
    )
    trainer.fit(system)
    assert trainer.global_step == 2 and torch.isfinite(trainer.callback_metrics["val_loss"])
    assert any(not torch.equal(old, new) for old, new in zip(before, model.parameters(), strict=True))
