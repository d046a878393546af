"""A training on several devices: who is asked, what is refused, and that it ends as on one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from separate_cli.errors import InputError, SpecError, UsageError
from separate_cli.hub.loading import load_model
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.train import TrainSpec
from separate_cli.stages import train
from separate_cli.stages.follow import is_follower
from separate_cli.stages.together import together

Make = Callable[..., TrainSpec]
CPU = torch.device("cpu")


def run(spec: TrainSpec, folder: Path, inputs: dict[str, Path]) -> list[float]:
    folder.mkdir(exist_ok=True)
    train.run(spec, StageContext(folder, inputs))
    weights = load_model(folder / "model.safetensors").model.state_dict()
    return [number for value in weights.values() for number in value.flatten().tolist()]


def test_two_devices_end_as_one_and_only_the_leader_writes(
    train_spec: Make, prepared: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    one = run(train_spec(), tmp_path / "one", prepared)
    two = run(train_spec(devices=2), tmp_path / "two", prepared)
    assert two == pytest.approx(one, rel=1e-3, abs=1e-5)
    columns = [
        [
            [float(cell) for cell in line.split(",")[:4]]
            for line in (tmp_path / name / "curves.csv").read_text().splitlines()[1:]
        ]
        for name in ("one", "two")
    ]
    assert len(columns[0]) == 2
    for expected, found in zip(*columns, strict=True):
        assert found == pytest.approx(expected, rel=1e-4)
    assert {path.name for path in (tmp_path / "two").iterdir()} == {path.name for path in (tmp_path / "one").iterdir()}


@pytest.mark.devices
def test_what_another_process_cannot_read_is_told_by_the_leader(
    train_spec: Make, prepared: dict[str, Path], tmp_path: Path
) -> None:
    lines = (prepared["prepare"] / "speech.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    for row in rows:
        if row["part"] == "train" and row["path"].endswith("-0001.flac"):
            row["path"] = "gone.flac"
    (tmp_path / "prepared").mkdir()
    for name in ("rooms.jsonl", "noise.jsonl", "corpus.json"):
        (tmp_path / "prepared" / name).write_text((prepared["prepare"] / name).read_text())
    (tmp_path / "prepared" / "speech.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(InputError, match=r"gone\.flac"):
        run(train_spec(devices=2), tmp_path / "run", {**prepared, "prepare": tmp_path / "prepared"})


@pytest.mark.parametrize(
    ("changes", "environment", "message"),
    [
        ({"num_nodes": 2}, {}, "2 machines are asked for, and this process was started alone"),
        ({"devices": 3}, {"RANK": "0", "WORLD_SIZE": "2"}, "train.devices is 3; torchrun or SLURM has started for 2"),
        ({"num_nodes": 3}, {"RANK": "0", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "1"}, "train.num_nodes is 3; .* for 2"),
    ],
)
def test_numbers_that_do_not_agree_are_refused(
    train_spec: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: Any, environment: Any, message: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match=message), together(train_spec(**changes), StageContext(tmp_path, {}), CPU):
        pass


def test_devices_that_are_not_there_are_refused(
    train_spec: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    context = StageContext(tmp_path, {})
    with pytest.raises(UsageError, match="3 devices are asked for; there are 2"):
        together(train_spec(devices=3), context, torch.device("cuda")).__enter__()
    with pytest.raises(UsageError, match="2 devices are asked for, and cuda:1 is one"):
        together(train_spec(devices=2), context, torch.device("cuda", 1)).__enter__()
    with pytest.raises(UsageError, match="2 devices are asked for, and mps is one"):
        together(train_spec(devices=2), context, torch.device("mps")).__enter__()


def test_a_processor_is_one_device_unless_told(train_spec: Make, tmp_path: Path) -> None:
    with together(train_spec(devices="auto"), StageContext(tmp_path, {}), CPU) as ranks:
        assert ranks.is_alone


def test_batches_that_cannot_be_shared_are_a_fault_of_the_recipe(
    train_spec: Make, prepared: dict[str, Path], tmp_path: Path
) -> None:
    with pytest.raises(SpecError, match=r"train\.batch_size: Expected a multiple of the number of devices, 2, got 3"):
        run(train_spec(devices=2, batch_size=3), tmp_path, prepared)


def test_only_ranks_after_the_first_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_follower()
    for rank, expected in (("0", False), ("1", True)):
        monkeypatch.setenv("RANK", rank)
        monkeypatch.setenv("WORLD_SIZE", "2")
        assert is_follower() is expected
