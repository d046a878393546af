from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any, ClassVar

import pytest

from separate_cli.files import write_json, write_text
from separate_cli.pipeline.lock import hold
from separate_cli.pipeline.stage import StageContext
from separate_cli.recipes import validate
from separate_cli.specs.base import Reads, StageSpec
from separate_cli.stages import assemble


class Prepare(StageSpec):
    folder: Annotated[Path, Reads("*.txt")] = Path("speech")


class Train(StageSpec):
    after: ClassVar[tuple[str, ...]] = ("prepare",)
    budget: ClassVar[frozenset[str]] = frozenset({"epochs"})

    lr: float = 0.1
    epochs: int = 2


class Eval(StageSpec):
    after: ClassVar[tuple[str, ...]] = ("train",)


TYPES: dict[str, Any] = {"prepare": Prepare, "train": Train, "eval": Eval}
STOP: list[str] = []


def prepare(spec: Prepare, context: StageContext) -> None:
    write_text(context.folder / "list.txt", " ".join(path.name for path in context.inputs["folder"].iterdir()))


def train(spec: Train, context: StageContext) -> None:
    write_text(context.folder / "model.safetensors", f"{spec.lr} {spec.epochs}")
    if STOP:
        raise KeyboardInterrupt


def score(spec: Eval, context: StageContext) -> None:
    write_json(context.folder / "metrics.json", {"headline": {"si_sdr": 8.125}})


RUNS = {"prepare": prepare, "train": train, "eval": score}


@pytest.fixture(autouse=True)
def toy_workspace(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(validate, "section_type", TYPES.__getitem__)
    monkeypatch.setattr(assemble, "import_module", lambda name: SimpleNamespace(run=RUNS[name.rpartition(".")[2]]))
    monkeypatch.chdir(tmp_path)
    write_text(tmp_path / "speech" / "a.txt", "a")
    write_text(tmp_path / "toy.yaml", "prepare: {}\ntrain: {}\neval: {}\n")
    STOP.clear()
    return tmp_path


def test_first_call_runs_everything_and_the_second_nothing(sep: Callable) -> None:
    first = sep("run", "toy.yaml")
    assert first.code == 0
    assert "train: waits" not in first.stderr
    assert "eval: si_sdr 8.12" in first.stderr
    folder = Path(first.stdout.strip())
    assert (folder / "metrics.json").is_file()
    assert f"Next: sep infer {Path('exp', 'toy', 'train').absolute()}" in first.stderr
    second = sep("run", "toy.yaml")
    assert second.stdout == first.stdout
    assert "Nothing to do: every stage is done." in second.stderr


def test_json_tells_which_stages_ran_and_what_they_scored(sep: Callable, toy_workspace: Path) -> None:
    sep("run", "toy.yaml", "--until", "prepare")
    result = sep("run", "toy.yaml", "--json").document["result"]
    assert (result["run"], result["workspace"]) == ("toy", str(toy_workspace))
    assert [(stage["stage"], stage["ran"], stage["score"]) for stage in result["stages"]] == [
        ("prepare", False, None),
        ("train", True, None),
        ("eval", True, {"si_sdr": 8.125}),
    ]


def test_dry_run_says_what_and_why_and_does_nothing(sep: Callable) -> None:
    assert sep("run", "toy.yaml", "--dry-run").stdout.splitlines() == [
        "prepare: missing, never run",
        "train: waits, waits for prepare",
        "eval: waits, waits for train",
    ]
    sep("run", "toy.yaml")
    plan = sep("run", "toy.yaml", "--dry-run", "--set", "train.lr=0.2").stdout.splitlines()
    assert plan[1] == "train: stale, lr 0.1 → 0.2"
    plan = sep("run", "toy.yaml", "--dry-run", "--set", "train.epochs=5", "--json").document["result"]["stages"]
    assert (plan[1]["state"], plan[1]["reason"]) == ("extend", "epochs 2 → 5")
    assert plan[2]["folder"] is None


def test_options_of_the_machine_are_those_of_every_training(sep: Callable) -> None:
    failed = sep("run", "toy.yaml", "--devices", "2", "--dry-run")
    assert failed.code == 2
    assert "train.devices" in failed.stderr  # these stages know no devices, and no other was told of them
    assert sep("run", "toy.yaml", "--dry-run").code == 0


def test_fresh_from_a_stage_redoes_it_and_what_follows(sep: Callable) -> None:
    sep("run", "toy.yaml")
    plan = sep("run", "toy.yaml", "--fresh", "--from", "train", "--dry-run").stdout.splitlines()
    assert [line.split(",")[0] for line in plan] == ["prepare: fresh", "train: redo", "eval: waits"]
    stages = sep("run", "toy.yaml", "--fresh", "--from", "train", "--json").document["result"]["stages"]
    assert [stage["ran"] for stage in stages] == [False, True, True]
    stages = sep("run", "toy.yaml", "--fresh", "--json").document["result"]["stages"]
    assert [stage["ran"] for stage in stages] == [True, True, True]


def test_from_without_fresh_is_explained(sep: Callable) -> None:
    outcome = sep("run", "toy.yaml", "--from", "train")
    assert outcome.code == 2
    assert "add" not in outcome.stdout
    assert "--fresh --from train" in outcome.stderr


def test_interrupted_run_ends_with_130_and_the_same_command_goes_on(sep: Callable) -> None:
    STOP.append("now")
    outcome = sep("run", "toy.yaml")
    assert outcome.code == 130
    assert "Run the same command again to go on from here." in outcome.stderr
    STOP.clear()
    assert "train: partial, begun" in sep("run", "toy.yaml").stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nothing"], 2, "Unknown recipe 'nothing'"),
        (["nothing.yaml"], 3, "There is no recipe file nothing.yaml."),
        (["toy.yaml", "--set", "train.epoch=1"], 2, "--set train.epoch=1: train.epoch: unknown field; the closest"),
        (["toy.yaml", "--until", "trian"], 2, "Unknown stage 'trian'"),
        (["toy.yaml", "--fresh", "--from", "trian"], 2, "no stage 'trian'"),
        (["toy.yaml", "--name", "a/b"], 2, "A run is a folder"),
        (["toy.yaml", "--set", "prepare.folder=gone"], 3, "prepare needs folder: "),
    ],
)
def test_mistakes_end_with_two_lines_and_the_right_code(
    sep: Callable, arguments: list[str], code: int, words: str
) -> None:
    outcome = sep("run", *arguments)
    assert outcome.code == code
    assert words in outcome.stderr
    assert outcome.stderr.count("hint: ") <= 1
    assert "Traceback" not in outcome.stderr


def test_second_process_is_refused_with_code_3(sep: Callable, toy_workspace: Path) -> None:
    folder = sep("run", "toy.yaml", "--dry-run", "--json").document["result"]["stages"][0]["folder"]
    with hold(Path(folder).parent / f".{Path(folder).name}.lock"):
        outcome = sep("run", "toy.yaml")
    assert outcome.code == 3
    assert "Another process is at work on prepare" in outcome.stderr


def test_name_and_root_choose_the_folder_of_the_run(sep: Callable, toy_workspace: Path) -> None:
    write_text(toy_workspace / "elsewhere" / "speech" / "b.txt", "b")
    outcome = sep("run", "toy.yaml", "--name", "trial-2", "--root", "elsewhere", "--until", "prepare")
    assert Path(outcome.stdout.strip()).parent == toy_workspace / "elsewhere" / "exp" / "trial-2" / "prepare"


def test_a_recipe_without_stages_is_nothing_to_do(sep: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("separate_cli.cli.carry_out.carry_out", lambda *_, **__: {})
    done = sep("run", "mini")
    assert (done.code, done.stdout) == (0, "")
    assert "Nothing to do: the recipe has no stages." in done.stderr
