"""The train stage: from spec and corpus to a checkpoint that says what it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from corpora.mixtures import make as make_mixtures
from separate_cli.data import sampling
from separate_cli.data.mixtures import read_mixtures, write_mixtures
from separate_cli.engine.fitting import Outcome
from separate_cli.errors import InputError, OutputError, SpecError
from separate_cli.files import hash_file, write_json
from separate_cli.hub.loading import LoadedModel, load_model
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.train import TrainSpec
from separate_cli.stages import train

Make = Callable[..., TrainSpec]


def run(spec: TrainSpec, folder: Path, inputs: dict[str, Path]) -> LoadedModel:
    folder.mkdir(parents=True, exist_ok=True)
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
        ({"optimizer": {"args": {"betas": [0.9]}}}, r"train\.optimizer: IndexError .*betas=\[0\.9\]"),
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


def mixtures(folder: Path) -> dict[str, Path]:
    """A prepared folder of two-speaker mixtures: six to train on, two to validate on."""
    inputs = make_mixtures(folder, [2] * 8)
    rows = [
        replace(row, part="train" if k < 6 else "valid")
        for k, row in enumerate(read_mixtures(folder / "mixtures.jsonl"))
    ]
    write_mixtures(folder / "mixtures.jsonl", rows)
    about = {
        "licence": "CC0",
        "url": "",
        "author": "nobody",
        "non_commercial": False,
        "parts": {"train": {}, "valid": {}},
    }
    facts = {
        "mixtures": {"Tiny2Mix": about},
        "speech": {"tones": about},
        "noise": {"hiss": {**about, "non_commercial": True}},
    }
    write_json(folder / "corpus.json", facts)
    return inputs


@pytest.fixture
def separation() -> Callable[..., TrainSpec]:
    def make(**changes: Any) -> TrainSpec:
        network = {"n_blocks": 2, "n_repeats": 1, "bn_chan": 8, "hid_chan": 8, "skip_chan": 8, "n_filters": 16}
        return TrainSpec.model_validate(
            {
                "examples": {"kind": "mixtures", "segment_seconds": 0.2},
                "model": {"name": "ConvTasNet", "args": {"n_src": 2, **network}},
                "loss": {"pairwise_neg_sisdr": {}},
                "batch_size": 2, "epochs": 3, "device": "cpu", "workers": 0, "tensorboard": False, "samples": 0,
                **changes,
            }
        )  # fmt: skip

    return make


def test_a_separator_is_trained_on_mixtures_and_names_all_that_they_are_made_of(
    separation: Make, tmp_path: Path
) -> None:
    inputs = mixtures(tmp_path / "prepared")
    loaded = run(separation(keep_best=2, samples=1, average_best=2), tmp_path / "run", inputs)
    assert {one.name for one in loaded.header.datasets} == {"Tiny2Mix", "tones"}
    assert loaded.header.task == "sep_clean"
    assert loaded.header.title == "ConvTasNet_Tiny2Mix_sep_clean"
    noisy = run(
        separation(examples={"kind": "mixtures", "task": "sep_noisy", "segment_seconds": 0.2}, epochs=1),
        tmp_path / "noisy",
        inputs,
    )
    assert {one.name for one in noisy.header.datasets} == {"Tiny2Mix", "tones", "hiss"}
    assert noisy.header.notes == ("hiss is for non-commercial use only.",)


def test_the_run_folder_holds_the_best_models_samples_recipe_and_surroundings(separation: Make, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    loaded = run(separation(keep_best=2, samples=1, average_best=2), folder, mixtures(tmp_path / "prepared"))
    best = [load_model(path) for path in sorted((folder / "best").iterdir())]
    metrics = json.loads((folder / "metrics.json").read_text())
    losses = {one.header.metrics["epoch"]: one.header.metrics["val_loss"] for one in best}
    assert len(losses) == 2 and min(losses.values()) >= metrics["headline"]["val_loss"]
    if "averaged_epochs" in metrics:
        mean = [
            sum(values) / 2
            for values in zip(*(weights(one)["encoder.filterbank._filters"] for one in best), strict=True)
        ]
        assert weights(loaded)["encoder.filterbank._filters"] == pytest.approx(mean, rel=1e-5)
        assert loaded.header.metrics["averaged_epochs"] == sorted(losses, key=losses.__getitem__)
    assert len(list((folder / "samples").glob("01*"))) == 6
    assert json.loads((folder / "recipe.json").read_text())["train"]["batch_size"] == 2
    surroundings = json.loads((folder / "environment.json").read_text())
    assert surroundings["seed"] == 0 and "torch" in surroundings["packages"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": {"name": "ConvTasNet", "args": {"n_src": 3}}}, "separates 3 source.*have 2 reference"),
        ({"examples": {"kind": "mixtures", "sample_rate": 16000}}, "works at 8000 Hz, train.examples are at 16000"),
        ({"precision": "16"}, "train.precision is 16, which a processor does not have"),
        ({"batch_size": 7}, r"train\.batch_size: Expected at least 7 examples"),
        ({"loss": {"SingleSrcMultiScaleSpectral": {"args": {"windows_size": [4096]}}}}, "train: .*4096"),
    ],
)
def test_what_does_not_fit_is_refused_before_training(
    separation: Make, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(SpecError, match=message):
        run(separation(**changes), tmp_path / "run", mixtures(tmp_path / "prepared"))
    assert not (tmp_path / "run" / "resume.ckpt").exists()


def test_sixteen_bits_with_clipped_gradients_train_where_a_device_has_them(
    train_spec: Make, prepared: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train, "check_precision", lambda spec, device: None)
    loaded = run(train_spec(precision="16", clip_norm=1.0), tmp_path, prepared)
    assert all(torch.isfinite(weight).all() for weight in loaded.model.state_dict().values())
    assert Path(tmp_path / "curves.csv").read_text().count("\n") == 3


def test_a_disk_without_room_is_refused_before_training(
    separation: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = mixtures(tmp_path / "prepared")
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=1000))
    with pytest.raises(OutputError, match="saved states will take about") as caught:
        run(separation(), tmp_path / "run", inputs)
    assert "Free some space" in caught.value.hint


def test_a_training_may_begin_with_the_weights_of_another(separation: Make, tmp_path: Path) -> None:
    inputs = mixtures(tmp_path / "prepared")
    first = run(separation(epochs=1), tmp_path / "first", inputs)
    tiny = {"optimizer": {"lr": 1e-12}, "epochs": 1}
    for changes, more in (
        ({"start_from": "filterbank"}, {"filterbank": tmp_path / "first"}),
        (
            {"checkpoint": tmp_path / "first" / "model.safetensors"},
            {"checkpoint": tmp_path / "first" / "model.safetensors"},
        ),
    ):
        second = run(separation(**tiny, **changes), tmp_path / "second" / next(iter(more)), {**inputs, **more})
        found, expected = weights(second), weights(first)
        assert all(found[name] == pytest.approx(expected[name], abs=1e-7) for name in expected)
        assert second.header.parents["model.safetensors"] == hash_file(tmp_path / "first" / "model.safetensors")


def test_weights_of_another_model_are_refused(separation: Make, tmp_path: Path) -> None:
    inputs = mixtures(tmp_path / "prepared")
    run(separation(epochs=1), tmp_path / "first", inputs)
    wider = {"model": {"name": "ConvTasNet", "args": {"n_src": 2, "n_filters": 32}}}
    with pytest.raises(SpecError, match=r"train\.start_from: .*does not fit the model"):
        run(separation(start_from="one", **wider), tmp_path / "second", {**inputs, "one": tmp_path / "first"})


@pytest.mark.parametrize("kind", ["mixtures", "remix"])
def test_mixing_goes_on_where_it_was_cut_off(
    separation: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    class PowerCut(BaseException):
        pass

    inputs = mixtures(tmp_path / "prepared")
    examples = {"kind": kind, "segment_seconds": 0.2, **({"mix_from": "mixtures"} if kind == "remix" else {})}
    spec = separation(examples=examples, checkpoint_minutes=1e-9, ema_decay=0.9)
    whole = run(spec, tmp_path / "whole", inputs)
    example_rng = sampling.example_rng
    for fuse in (9, 4):
        left = iter([True] * fuse + [False])

        def cut(*place: int, left: Any = left) -> object:
            if not next(left):
                raise PowerCut
            return example_rng(*place)

        with monkeypatch.context() as patch:
            patch.setattr(sampling, "example_rng", cut)
            with pytest.raises(PowerCut):
                run(spec, tmp_path / "cut", inputs)
    assert weights(run(spec, tmp_path / "cut", inputs)) == weights(whole)


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
