"""A run that is stopped, in whatever way and wherever, ends with the same weights, to the bit."""

from __future__ import annotations

import csv
import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from separate_cli.data.sampling import Draw
from separate_cli.engine.averaging import mean_weights
from separate_cli.engine.fitting import Outcome
from separate_cli.engine.system import System
from separate_cli.errors import InputError, Interrupted, OutputError, SepError
from separate_cli.specs.optimize import CosineRate, DPTNetRate, NoamRate, StepRate

Toy = Callable[..., tuple[Outcome, System]]

VARIANTS: dict[str, dict[str, Any]] = {
    "plateau": {},
    "cosine, averaged": {"schedule": CosineRate(warmup_steps=2), "ema_decay": 0.9},
    "accumulated, clipped": {"accumulate_batches": 2, "clip_norm": 0.1},
    "noam, bf16": {"schedule": NoamRate(d_model=64, warmup_steps=6), "precision": "bf16"},
    "float16, scaled gradients": {"precision": "16", "clip_norm": 0.1},
    "dptnet, mean of epochs": {"schedule": DPTNetRate(warmup_steps=9, exp_max=0.01), "swa_from_epoch": 2},
    "steps, several best": {"schedule": StepRate(factor=0.5, every_epochs=1), "keep_best": 3, "average_best": 2},
}


class PowerCut(BaseException):
    """Nothing may catch this."""


def cut_at(example: int) -> Callable[[Draw], None]:
    """Fail when the training asks for its ``example``-th example."""
    left = iter(range(example, -1, -1))

    def count(draw: Draw) -> None:
        if next(left) == 0:
            raise PowerCut

    return count


def result(run: tuple[Outcome, System], folder: Path) -> tuple[Outcome, dict[str, list[float]], list[list[str]]]:
    outcome, system = run
    rows = list(csv.reader((folder / "curves.csv").read_text().splitlines()))
    weights = {name: value.flatten().tolist() for name, value in system.model.state_dict().items()}
    return replace(outcome, kept=()), weights, [row[:-1] for row in rows]  # all but the seconds


@pytest.fixture(scope="module")
def whole_runs(tmp_path_factory: pytest.TempPathFactory, toy: Toy) -> dict[str, Any]:
    """What the uninterrupted run of each variant ends with."""
    folders = {variant: tmp_path_factory.mktemp("whole") for variant in VARIANTS}
    return {variant: result(toy(folder, **VARIANTS[variant]), folder) for variant, folder in folders.items()}


@pytest.mark.parametrize(
    ("variant", "examples"),
    [
        ("plateau", (1,)),
        ("plateau", (20,)),
        ("plateau", (39, 5, 4)),
        ("cosine, averaged", (9, 4)),
        ("cosine, averaged", (22, 25)),
        ("accumulated, clipped", (13,)),
        ("accumulated, clipped", (26, 15)),
        ("noam, bf16", (7, 30)),
        ("float16, scaled gradients", (19, 8)),
        ("dptnet, mean of epochs", (43, 5)),
        ("steps, several best", (33, 3)),
    ],
)
def test_a_run_that_was_cut_off_ends_as_the_uninterrupted_one(
    toy: Toy, tmp_path: Path, whole_runs: dict[str, Any], variant: str, examples: tuple[int, ...]
) -> None:
    for example in examples:
        with pytest.raises(PowerCut):
            toy(tmp_path, on_example=cut_at(example), **VARIANTS[variant])
    assert result(toy(tmp_path, **VARIANTS[variant]), tmp_path) == whole_runs[variant]


def test_killed_for_good_at_many_places_it_ends_as_the_uninterrupted_one(tmp_path: Path) -> None:
    script = Path(__file__).with_name("killed.py")
    done = subprocess.run([sys.executable, script, tmp_path], capture_output=True, text=True, check=True)
    reports = json.loads(done.stdout)
    assert [len(report["signals"]) for report in reports.values()] == [5, 3]
    for report in reports.values():
        assert set(report["signals"]) == {9}
        assert report["weights"] == report["uninterrupted"]
        assert report["curves"][0] == report["curves"][1]


def test_workers_change_nothing(toy: Toy, tmp_path: Path, whole_runs: dict[str, Any]) -> None:
    assert result(toy(tmp_path, workers=2), tmp_path) == whole_runs["plateau"]


def test_a_raised_budget_goes_on_with_the_same_run(toy: Toy, tmp_path: Path) -> None:
    whole = result(toy(tmp_path / "whole", epochs=5), tmp_path / "whole")
    toy(tmp_path / "grown", epochs=2)
    toy(tmp_path / "grown", epochs=2)
    assert result(toy(tmp_path / "grown", epochs=5), tmp_path / "grown") == whole
    assert whole[0].epochs == 5 and whole[0].steps == 25


def test_patience_ends_the_run_and_more_patience_goes_on(toy: Toy, tmp_path: Path) -> None:
    stuck = {"loss": lambda estimates, references: (0 * estimates).sum() + 1, "epochs": 9}
    outcome, _ = toy(tmp_path, patience_epochs=2, **stuck)
    still, _ = toy(tmp_path, patience_epochs=2, **stuck)
    assert outcome == still
    assert (outcome.epochs, outcome.best_epoch) == (3, 1)
    longer, _ = toy(tmp_path, patience_epochs=4, **stuck)
    assert (longer.epochs, longer.best_epoch) == (5, 1)


def test_the_best_weights_are_given_back_not_the_last(toy: Toy, tmp_path: Path) -> None:
    def unlearning_from_epoch_3(estimates: torch.Tensor, references: torch.Tensor) -> torch.Tensor:
        error = torch.nn.functional.mse_loss(estimates, references)
        if not estimates.requires_grad:
            return error
        steps.append(1)
        return error if len(steps) <= 10 else -error

    steps: list[int] = []
    outcome, system = toy(tmp_path, loss=unlearning_from_epoch_3, epochs=4)
    assert outcome.best_epoch == 2
    with torch.no_grad():
        errors = [float(system.common_step(batch, 0)) for batch in system.eval().val_dataloader()]
    assert (4 * errors[0] + 2 * errors[1]) / 6 == pytest.approx(outcome.best_loss, rel=1e-5)


@pytest.mark.parametrize("poison", ["loss", "weights"])
def test_nan_is_a_clear_error_and_is_never_saved(toy: Toy, tmp_path: Path, poison: str) -> None:
    def loss(estimates: torch.Tensor, references: torch.Tensor) -> torch.Tensor:
        seen.append(1)
        value = torch.nn.functional.mse_loss(estimates, references)
        if len(seen) < 3:
            return value
        return value * float("nan") if poison == "loss" else value + (estimates - estimates).abs().sqrt().sum()

    seen: list[int] = []
    with pytest.raises(SepError, match=r"Training has diverged: the (loss|weights)") as caught:
        toy(tmp_path, loss=loss)
    assert "train.optimizer.lr" in caught.value.hint
    state = torch.load(tmp_path / "resume.ckpt", weights_only=True)
    assert state["callbacks"]["Resume"]["step"] == 2
    assert all(value.isfinite().all() for value in state["state_dict"].values())


def test_running_out_of_memory_says_what_to_lower(toy: Toy, tmp_path: Path) -> None:
    def loss(estimates: torch.Tensor, references: torch.Tensor) -> torch.Tensor:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory.")

    with pytest.raises(SepError, match="cpu has run out of memory") as caught:
        toy(tmp_path, loss=loss)
    assert "train.batch_size" in caught.value.hint


@pytest.mark.parametrize("workers", [0, 1])
def test_an_example_that_cannot_be_read_is_named_whoever_reads_it(toy: Toy, tmp_path: Path, workers: int) -> None:
    def read(draw: Draw) -> None:
        raise InputError("speech/a: b.flac is damaged.", hint="Copy it again.")

    with pytest.raises(InputError, match=r"^speech/a: b\.flac is damaged\.$") as caught:
        toy(tmp_path, on_example=read, workers=workers)
    assert caught.value.hint


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_step_saves_and_says_how_to_go_on(
    toy: Toy, tmp_path: Path, whole_runs: dict[str, Any], number: signal.Signals
) -> None:
    handler = signal.getsignal(number)

    def press(draw: Draw) -> None:
        asked.append(draw)
        if len(asked) == 27:
            os.kill(os.getpid(), number)

    asked: list[Draw] = []
    with pytest.raises(Interrupted, match="epoch 2 after 7 steps") as caught:
        toy(tmp_path, on_example=press, checkpoint_minutes=60)
    assert "goes on" in caught.value.hint
    assert signal.getsignal(number) is handler
    assert result(toy(tmp_path), tmp_path) == whole_runs["plateau"]


def test_a_second_signal_interrupts_at_once(toy: Toy, tmp_path: Path) -> None:
    def press(draw: Draw) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Interrupted):
        toy(tmp_path, on_example=press, checkpoint_minutes=60)
    assert not (tmp_path / "resume.ckpt").exists()


def test_nothing_is_printed(toy: Toy, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    toy(tmp_path, tensorboard=True)
    assert capfd.readouterr() == ("", "")


def test_the_run_folder_tells_how_it_went(toy: Toy, tmp_path: Path) -> None:
    outcome, _ = toy(tmp_path, tensorboard=True)
    rows = list(csv.DictReader((tmp_path / "curves.csv").read_text().splitlines()))
    assert [(row["epoch"], row["step"]) for row in rows] == [("1", "5"), ("2", "10"), ("3", "15")]
    assert min(float(row["val_loss"]) for row in rows) == outcome.best_loss
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert len(list((tmp_path / "tensorboard").iterdir())) == 1


def test_mixed_precision_trains_and_the_loss_sees_32_bits(toy: Toy, tmp_path: Path) -> None:
    def loss(estimates: torch.Tensor, references: torch.Tensor) -> torch.Tensor:
        types.add((estimates.dtype, torch.is_autocast_enabled("cpu")))
        return torch.nn.functional.mse_loss(estimates, references)

    types: set[tuple[torch.dtype, bool]] = set()
    outcome, _ = toy(tmp_path, precision="bf16", loss=loss)
    assert types == {(torch.float32, False)}
    assert outcome.best_loss < 1.0


def test_a_full_disk_is_a_clear_error_and_the_state_before_stays(
    toy: Toy, tmp_path: Path, whole_runs: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    saves: list[int] = []
    save = torch.save

    def until_full(state: Any, stream: Any) -> None:
        saves.append(1)
        if len(saves) == 4:
            stream.write(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")
        save(state, stream)

    with monkeypatch.context() as patch:
        patch.setattr(torch, "save", until_full)
        with pytest.raises(OutputError, match=r"resume\.ckpt: the disk is full"):
            toy(tmp_path)
    assert torch.load(tmp_path / "resume.ckpt", weights_only=True)["callbacks"]["Resume"]["step"] == 2
    assert result(toy(tmp_path), tmp_path) == whole_runs["plateau"]


def test_the_model_is_compiled_where_that_is_asked_for(
    toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[nn.Module] = []
    monkeypatch.setattr(nn.Module, "compile", lambda self: compiled.append(self))  # noqa: PLW0108  binds
    _, system = toy(tmp_path, compile=True)
    assert compiled == [system.model]


def test_a_model_that_cannot_be_compiled_says_how_to_go_without(toy: Toy, tmp_path: Path) -> None:
    class Refusal(RuntimeError):
        __module__ = "torch._inductor.exc"

    def loss(estimates: torch.Tensor, references: torch.Tensor) -> torch.Tensor:
        raise Refusal("no compiler found\nmore")

    with pytest.raises(SepError, match=r"cannot compile this model here: no compiler found$") as caught:
        toy(tmp_path, loss=loss)
    assert "train.compile=false" in caught.value.hint


@pytest.mark.parametrize("kind", ["simple", "advanced"])
def test_a_profile_says_where_the_time_went(toy: Toy, tmp_path: Path, kind: str) -> None:
    toy(tmp_path, profiler=kind, epochs=1)
    (report,) = (tmp_path / "profile").iterdir()
    assert "run_training_batch" in report.read_text() or "optimizer_step" in report.read_text()


def test_the_mean_of_the_best_epochs_is_taken_where_it_validates_better(toy: Toy, tmp_path: Path) -> None:
    outcome, system = toy(tmp_path, keep_best=3, average_best=2, epochs=4)
    assert [one.loss for one in outcome.kept] == sorted(one.loss for one in outcome.kept)
    assert len(outcome.kept) == 3
    mean = mean_weights([one.weights for one in outcome.kept[:2]])
    expected = mean if outcome.averaged else outcome.kept[0].weights
    torch.testing.assert_close(dict(system.model.state_dict()), dict(expected))
    assert outcome.best_loss <= outcome.kept[0].loss
    assert (outcome.averaged != ()) == (outcome.best_loss < outcome.kept[0].loss)
