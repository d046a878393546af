"""Samples are what the model gives, in the order of the references, in files and in TensorBoard."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor

from separate_cli.engine.best import Best, Kept
from separate_cli.engine.board import Board
from separate_cli.engine.samples import Samples, write_samples
from separate_cli.models.base import Separator

RATE = 8000


class Swapping(Separator):
    """Knows both tones of any mixture, and gives them in the wrong order."""

    level_is_arbitrary = False

    def __init__(self) -> None:
        super().__init__(sample_rate=RATE, n_sources=2)

    def forward(self, wav: Tensor) -> Tensor:
        return tones(wav.shape[-1]).flip(0).to(wav)


def tones(n: int = 4000) -> Tensor:
    time = torch.arange(n) / RATE
    return 0.3 * torch.stack([torch.sin(2 * torch.pi * 300 * time), torch.sin(2 * torch.pi * 1100 * time)])


@pytest.fixture
def example() -> tuple[Tensor, Tensor]:
    return tones().sum(0), tones()


def test_waves_are_written_in_the_order_of_the_references(example: tuple[Tensor, Tensor], tmp_path: Path) -> None:
    write_samples(Swapping(), [example], tmp_path)
    found = {path.stem: soundfile.read(path)[0] for path in tmp_path.glob("*.wav")}
    assert set(found) == {"01_mixture", "01_s1_estimate", "01_s2_estimate", "01_s1_reference", "01_s2_reference"}
    for source in ("s1", "s2"):
        np.testing.assert_allclose(found[f"01_{source}_estimate"], found[f"01_{source}_reference"], atol=1e-4)
    assert (tmp_path / "01.png").read_bytes().startswith(b"\x89PNG")


def test_tensorboard_gets_sound_and_pictures(example: tuple[Tensor, Tensor], tmp_path: Path) -> None:
    board = Board(tmp_path / "events")
    board.open(0)
    board.number("loss", 1.5, 3)
    write_samples(Swapping(), [example], tmp_path / "samples", board=board, step=7)
    board.close()
    content = next((tmp_path / "events").iterdir()).read_bytes()
    assert all(word in content for word in (b"loss", b"01/s1_estimate", b"audio/wav", b"01"))


def test_a_board_without_a_folder_takes_everything_and_writes_nothing(example: tuple[Tensor, Tensor]) -> None:
    board = Board(None)
    board.open(0)
    board.number("loss", 1.0, 1)
    board.sound("wave", np.ones(3, np.float32), 1, sample_rate=RATE)
    board.close()


def test_samples_are_written_when_the_weights_are_the_best_and_not_too_often(
    example: tuple[Tensor, Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    best, module = Best(), SimpleNamespace(model=Swapping())
    callback = Samples(tmp_path, [example], best=best, board=Board(None))
    best.kept, best.epoch = [Kept(1.0, 1, {})], 2  # the last epoch was not the best
    callback.on_validation_end(None, module)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())
    best.epoch = 1
    callback.on_validation_end(None, module)  # type: ignore[arg-type]
    written = sorted(tmp_path.iterdir())
    assert len(written) == 6
    for path in written:
        path.unlink()
    callback.on_validation_end(None, module)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())
