"""The train stage: from spec and corpus to a checkpoint that says what it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from separate_cli.data import sampling
from separate_cli.engine.fitting import Outcome
from separate_cli.errors import InputError, SpecError
from separate_cli.hub.loading import LoadedModel, load_model
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.train import TrainSpec
from separate_cli.stages import train

Make = Callable[..., TrainSpec]


def run(spec: TrainSpec, folder: Path, inputs: dict[str, Path]) -> LoadedModel:
    folder.mkdir(exist_ok=True)
    train.run(spec, StageContext(folder, inputs))
    return load_model(folder)


def weights(loaded: LoadedModel) -> dict[str, Any]:
    return {name: value.flatten().tolist() for name, value in loaded.model.state_dict().items()}


@pytest.fixture(scope="module")
def trained(train_spec: Make, prepared: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return run(train_spec(), tmp_path_factory.mktemp("trained"), prepared)


def test_training_improves_the_model(trained: LoadedModel) -> None:
    rows = (trained.path.parent / "curves.csv").read_text().splitlines()[1:]
    losses = [float(row.split(",")[3]) for row in rows]
    assert losses[1] < losses[0]
    headline = json.loads((trained.path.parent / "metrics.json").read_text())["headline"]
    assert headline == {"val_loss": min(losses), "epoch": 2}


def test_the_checkpoint_says_what_it_was_trained_on_and_how(trained: LoadedModel) -> None:
    header = trained.header
    (dataset,) = header.datasets
    assert (dataset.name, dataset.licence, dataset.part) == ("librispeech", "CC0", "train")
    assert header.recipe["train"]["model"]["args"]["hidden_dims"] == [16]
    assert header.metrics["epoch"] == 2
    assert not {"device", "workers"} & header.recipe["train"].keys()


def test_a_run_that_was_cut_off_ends_with_the_same_weights(
    trained: LoadedModel, train_spec: Make, prepared: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class PowerCut(BaseException):
        pass

    left = iter([1] * 5 + [0])
    example_rng = sampling.example_rng

    def cut(*place: int) -> object:
        if not next(left):
            raise PowerCut
        return example_rng(*place)

    spec = train_spec(checkpoint_minutes=1e-9)
    with monkeypatch.context() as patch:
        patch.setattr(sampling, "example_rng", cut)
        with pytest.raises(PowerCut):
            run(spec, tmp_path, prepared)
    assert weights(run(spec, tmp_path, prepared)) == weights(trained)


def test_a_finished_run_with_more_epochs_goes_on(train_spec: Make, prepared: dict[str, Path], tmp_path: Path) -> None:
    run(train_spec(epochs=1), tmp_path / "grown", prepared)
    grown = run(train_spec(epochs=3), tmp_path / "grown", prepared)
    whole = run(train_spec(epochs=3), tmp_path / "whole", prepared)
    assert weights(grown) == weights(whole)


def test_each_seed_gives_its_own_model_and_the_same_seed_the_same(
    trained: LoadedModel, train_spec: Make, prepared: dict[str, Path], tmp_path: Path
) -> None:
    assert weights(run(train_spec(), tmp_path / "same", prepared)) == weights(trained)
    assert weights(run(train_spec(seed=1), tmp_path / "other", prepared)) != weights(trained)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": {"name": "DeMusk"}}, r"train\.model: Unknown model 'DeMusk'; .*DeMask"),
        ({"model": {"name": "DeMask", "args": {"hiden_dims": [4]}}}, r"train\.model: .*hiden_dims"),
        ({"model": {"name": "DeMask", "args": {"sample_rate": 8000}}}, "works at 8000 Hz, train.examples are at 16000"),
        ({"loss": {"pairwise_neg_sisdrr": {}}}, r"train\.loss: Unknown loss"),
        ({"optimizer": {"name": "adaam"}}, r"train\.optimizer: Unknown optimizer 'adaam'; .*Adam"),
        ({"optimizer": {"args": {"momentom": 1}}}, r"train\.optimizer: .*momentom"),
        ({"batch_size": 9}, r"train\.batch_size: Expected at least 9 examples for a batch of 9, got 8"),
    ],
)
def test_what_cannot_be_made_is_a_fault_of_a_field(
    train_spec: Make, prepared: dict[str, Path], tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(SpecError, match=message):
        run(train_spec(**changes), tmp_path, prepared)


def test_a_corpus_without_validation_speech_is_refused(
    train_spec: Make, prepared: dict[str, Path], tmp_path: Path
) -> None:
    lines = (prepared["prepare"] / "speech.jsonl").read_text().splitlines(keepends=True)
    for name in ("rooms", "noise"):
        (tmp_path / f"{name}.jsonl").write_text("")
    (tmp_path / "corpus.json").write_text((prepared["prepare"] / "corpus.json").read_text())
    (tmp_path / "speech.jsonl").write_text("".join(line for line in lines if '"valid"' not in line))
    with pytest.raises(InputError, match="no speech to valid on"):
        run(train_spec(), tmp_path / "run", {**prepared, "prepare": tmp_path})


def test_options_of_the_recipe_reach_the_run(
    train_spec: Make, prepared: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, Any] = {}

    def fit(system: Any, folder: Path, **options: Any) -> Outcome:
        seen.update(options, system=system)
        return Outcome(1, 2, 1, 0.5)

    monkeypatch.setattr(train, "fit", fit)
    run(
        train_spec(
            clip_norm=2.5, ema_decay=0.99, precision="bf16", accumulate_batches=2, patience_epochs=7, epochs=40, seed=3,
            optimizer={"name": "adamw", "lr": 0.5, "weight_decay": 0.1},
            schedule={"kind": "cosine", "warmup_steps": 10, "final_ratio": 0.0},
        ),
        tmp_path,
        prepared,
    )  # fmt: skip
    plan, system = seen["plan"], seen["system"]
    assert (plan.clip_norm, plan.ema_decay, plan.precision, plan.accumulate_batches) == (2.5, 0.99, "bf16", 2)
    assert (plan.patience_epochs, plan.epochs, plan.seed) == (7, 40, 3)
    assert isinstance(system.optimizer, torch.optim.AdamW)
    assert system.optimizer.param_groups[0]["weight_decay"] == 0.1
    course = system.schedulers[0]["scheduler"]
    assert (course.warmup_steps, course.total_steps, course.final_ratio) == (10, 40, 0.0)
