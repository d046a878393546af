"""Names that nothing goes by are faults of the recipe, told with all others, each with its place and what is close."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from separate_cli.errors import SpecError
from separate_cli.recipes.load import load_recipe
from separate_cli.recipes.names import KINDS

WRONG = """\
extends: mini
train:
  optimizer: {name: adamm, lr: -1}
  model: {name: ConvTasNett}
  loss:
    foo_loss: {}
    sisdr: {name: pairwise_neg_sisdrr}
    mixit: {name: MixITLossWrapper, args: {loss_func: multisrc_neg_sisd}}
  strategy: fsdp
  device: gpu7
eval:
  metrics:
    - si_sdr
    - sisdr
"""


def faults(*overrides: str) -> dict[str, str]:
    Path("mine.yaml").write_text(WRONG)
    with pytest.raises(SpecError) as refused:
        load_recipe("mine.yaml", overrides)
    assert len({fault.field for fault in refused.value.faults}) == len(refused.value.faults)
    return {fault.field: str(fault) for fault in refused.value.faults}


def test_all_unknown_names_are_told_at_once_with_place_and_closest_names() -> None:
    told = faults("eval.baseline={name: cacgm}")
    assert told.keys() == {
        "train.optimizer.name",
        "train.optimizer.lr",
        "train.model.name",
        "train.loss.foo_loss",
        "train.loss.sisdr.name",
        "train.loss.mixit.args.loss_func",
        "train.strategy",
        "train.device",
        "eval.metrics.1",
        "eval.baseline.name",
    }
    assert told["train.optimizer.name"].startswith("mine.yaml:3: ")
    assert "unknown optimizer 'adamm'; the closest names are: Adam, " in told["train.optimizer.name"]
    assert "the closest names are: ConvTasNet, " in told["train.model.name"]
    assert "the closest names are: multisrc_neg_sisdr, " in told["train.loss.mixit.args.loss_func"]
    assert told["eval.metrics.1"].startswith("mine.yaml:14: eval.metrics.1: unknown metric 'sisdr'; the closest")
    assert told["eval.baseline.name"].startswith("--set eval.baseline={name: cacgm}: ")
    assert told["train.loss.foo_loss"].startswith("mine.yaml:6: ")


def names_in_tables() -> Iterator[tuple[str, list[str]]]:
    from separate_cli import losses, models
    from separate_cli.engine import optimizers
    from separate_cli.metrics import METRICS

    yield "model", models.available()
    yield "loss", losses.available()
    yield "metric", list(METRICS)
    yield "optimizer", list(optimizers._OPTIMIZERS)


def test_the_names_are_those_of_the_tables() -> None:
    code = (
        "from recipes.builtin.test_names import names_in_tables\n"
        "from separate_cli.recipes.names import KINDS\n"
        "print([kind for kind, names in names_in_tables() if sorted(names) != sorted(KINDS[kind].names)])"
    )  # in a process of its own: other tests add things of theirs
    where = str(Path(__file__).parents[2])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=where)
    assert done.stdout.strip() == "[]"


def test_names_of_ones_own_are_known_once_they_are_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    from separate_cli import losses, models
    from separate_cli.engine import optimizers
    from separate_cli.losses import catalogue

    monkeypatch.setattr(catalogue._NAMES, "_lookup", dict(catalogue._NAMES._lookup))
    monkeypatch.setattr(catalogue._NAMES, "_entries", dict(catalogue._NAMES._entries))
    losses.register_loss("my_own_loss", object())
    monkeypatch.setattr(models.catalogue._NAMES, "_lookup", {**models.catalogue._NAMES._lookup, "mynet": "MyNet"})
    monkeypatch.setattr(models.catalogue._NAMES, "_entries", {**models.catalogue._NAMES._entries, "MyNet": "MyNet"})
    monkeypatch.setattr(optimizers._OPTIMIZERS, "_lookup", {**optimizers._OPTIMIZERS._lookup, "stroll": "Adam"})
    own = ["train.model.name=mynet", "train.loss.my_own_loss={}", "train.optimizer.name=Stroll"]
    assert load_recipe("mini", own).name == "mini"


def test_optimizers_of_the_other_library_are_known_where_it_is_installed() -> None:
    pytest.importorskip("pytorch_optimizer")
    assert load_recipe("mini", ["train.optimizer.name=lion"]).name == "mini"


def test_names_are_checked_without_torch_and_numpy() -> None:
    code = (
        "import sys\n"
        "from separate_cli.errors import SpecError\n"
        "from separate_cli.recipes.load import load_recipe\n"
        "load_recipe('mini')\n"
        "try:\n"
        "    load_recipe('mini', ['train.model.name=x', 'train.loss.x={}', 'eval.metrics=[x]'])\n"
        "except SpecError as error:\n"
        "    print(len(error.faults), *sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    count, *loaded = done.stdout.split()
    assert count == "3"
    assert not {"torch", "numpy", "scipy", "lightning"} & set(loaded)


def test_upper_and_lower_case_are_the_same_but_for_metrics() -> None:
    assert load_recipe("mini", ["train.optimizer.name=ADAMW", "train.model.name=convtasnet"]).name == "mini"
    with pytest.raises(SpecError):
        load_recipe("mini", ["eval.metrics=[SI_SDR]"])
    assert KINDS["metric"].folded is False
