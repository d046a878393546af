"""The names that ``separate_cli`` promises, and the doors that lead to its models."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
import torch

import separate_cli
from separate_cli import models

ROOT = Path(__file__).parents[1]
TINY = {"hidden_dims": [8], "n_filters": 16, "kernel_size": 16, "stride": 8}


def mirror() -> dict[str, str]:
    """What ``if TYPE_CHECKING:`` in the package imports: name → module."""
    tree = ast.parse(Path(separate_cli.__file__).read_text("utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    return {alias.name: str(row.module) for row in block.body if isinstance(row, ast.ImportFrom) for alias in row.names}


def test_type_checkers_see_the_names_that_programs_see() -> None:
    assert mirror() == {name: f"separate_cli.{module}" for name, module in separate_cli._WHERE.items()}
    assert set(separate_cli.__all__) == {*mirror(), "__version__"}


def test_every_model_is_a_public_name() -> None:
    names = models.available()
    assert names
    for name in names:
        assert getattr(separate_cli, name) is models.get(name)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="ConvTasnet"):
        _ = separate_cli.ConvTasnet


def test_from_pretrained_gives_the_class_in_eval_mode() -> None:
    model = separate_cli.DeMask(**TINY)
    content = {"model_name": "DeMask", "model_args": model.get_model_args(), "state_dict": model.state_dict()}
    for again in (separate_cli.from_pretrained(content), separate_cli.DeMask.from_pretrained(content)):
        assert type(again) is separate_cli.DeMask
        assert not again.training
    with pytest.raises(separate_cli.errors.InputError, match="Expected a VADNet, found a DeMask"):
        separate_cli.VADNet.from_pretrained(content)


def test_a_training_checkpoint_takes_the_class_that_loads_it(tmp_path: Path) -> None:
    model = separate_cli.DeMask(**TINY)
    state = {f"model.{key}": value for key, value in model.state_dict().items()}
    torch.save({"state_dict": state, "training_config": {"model": TINY}}, tmp_path / "last.ckpt")
    again = separate_cli.DeMask.from_pretrained(tmp_path / "last.ckpt")
    torch.testing.assert_close(again.state_dict(), model.state_dict())


@pytest.fixture(scope="module")
def hubconf() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hubconf", ROOT / "hubconf.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ENTRIES = {
    "conv_tasnet": "ConvTasNet",
    "dprnn_tasnet": "DPRNNTasNet",
    "dpt_net": "DPTNet",
    "lstm_tasnet": "LSTMTasNet",
    "sudormrf_net": "SuDORMRFNet",
    "sudormrf_improved_net": "SuDORMRFImprovedNet",
}


@pytest.mark.parametrize(("entry", "name"), ENTRIES.items())
def test_torch_hub_entries_make_new_models(hubconf: ModuleType, entry: str, name: str) -> None:
    model = getattr(hubconf, entry)(n_src=3, n_filters=16)
    assert type(model) is models.get(name)
    assert model.n_sources == 3


def test_torch_hub_entries_load_files(hubconf: ModuleType, tmp_path: Path) -> None:
    from separate_cli.hub import save_checkpoint

    model = separate_cli.DeMask(**TINY)
    save_checkpoint(model, tmp_path / "tiny.safetensors")
    for again in (
        hubconf.demask(str(tmp_path / "tiny.safetensors")),
        hubconf.pretrained(str(tmp_path / "tiny.safetensors")),
    ):
        torch.testing.assert_close(again.state_dict(), model.state_dict())
