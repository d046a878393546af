"""Files of Asteroid: read as they are, whatever their age; refused where they could run code."""

from __future__ import annotations

import datetime
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from separate_cli.errors import InputError, RefusedError
from separate_cli.hub import load_model, read_header
from separate_cli.hub.asteroid_import import import_asteroid
from separate_cli.hub.pickles import load_pickle
from separate_cli.models.demask import DeMask
from separate_cli.models.lstm_tasnet import LSTMTasNet
from separate_cli.models.sudormrf import SuDORMRFNet
from tiny_models import build

ARGUMENTS = {"hidden_dims": (8,), "n_filters": 16, "kernel_size": 16, "stride": 8, "norm_type": "gLN"}


@pytest.fixture
def published() -> dict[str, Any]:
    """The published form, with the odd types that real files hold."""
    torch.manual_seed(0)
    model = DeMask(**ARGUMENTS)
    return {
        "model_name": "DeMask",
        "state_dict": model.state_dict(),
        "model_args": {**model.get_model_args(), "fb_name": "STFTFB"},
        "dataset": "LibriMix",
        "task": "enh_single",
        "licenses": [
            {"title": "LibriSpeech", "license": "CC BY 4.0", "author": "V. Panayotov", "non_commercial": False}
        ],
        "infos": {
            "software_versions": {"torch_version": torch.__version__},
            "final_metrics": {"si_sdr": np.float64(12.5), "stoi": np.float32(0.5)},
        },
    }


def expected(published: dict[str, Any]) -> torch.Tensor:
    model = DeMask(**ARGUMENTS).eval()
    model.load_state_dict(published["state_dict"])
    return model(torch.ones(300))


@pytest.mark.parametrize("new_format", [True, False], ids=["zip", "legacy"])
def test_old_and_new_files_load(published: dict[str, Any], tmp_path: Path, new_format: bool) -> None:
    path = tmp_path / "model.pth"
    torch.save(published, path, _use_new_zipfile_serialization=new_format)
    loaded = load_model(path)
    torch.testing.assert_close(loaded.model(torch.ones(300)), expected(published))
    assert not loaded.model.training
    assert loaded.header.metrics == {"si_sdr": 12.5, "stoi": 0.5}
    assert loaded.header.datasets[0].author == "V. Panayotov"


def test_a_dictionary_loads_and_is_not_changed(published: dict[str, Any]) -> None:
    before = dict(published["model_args"])
    load_model(published, mask_act="sigmoid")
    assert published["model_args"] == before


def test_a_missing_sample_rate_is_filled_in_and_said(published: dict[str, Any]) -> None:
    del published["model_args"]["sample_rate"]
    header = import_asteroid(published, where="x").header
    assert header.sample_rate == 16000
    assert "assumed" in header.notes[0]


def test_an_old_file_without_the_window_loads(published: dict[str, Any]) -> None:
    state = {key: value for key, value in published["state_dict"].items() if "torch_window" not in key}
    assert len(state) < len(published["state_dict"])
    torch.testing.assert_close(
        load_model({**published, "state_dict": state}).model(torch.ones(300)), expected(published)
    )


@pytest.mark.parametrize("name", ["stft", "STFT", "STFTFB"])
def test_filterbanks_go_by_class_or_alias(published: dict[str, Any], name: str) -> None:
    published["model_args"]["fb_name"] = name
    torch.testing.assert_close(load_model(published).model(torch.ones(300)), expected(published))


def test_a_training_checkpoint_loads_through_its_class(published: dict[str, Any], tmp_path: Path) -> None:
    content = {
        "state_dict": {f"model.{key}": value for key, value in published["state_dict"].items()},
        "training_config": {
            "filterbank": {"n_filters": 16, "kernel_size": 16, "stride": 8},
            "model": {"hidden_dims": [8]},
            "data": {"sample_rate": 16000},
        },
        "epoch": 3,
    }
    torch.save(content, tmp_path / "last.ckpt")
    with pytest.raises(InputError, match="does not name its model class"):
        load_model(tmp_path / "last.ckpt")
    loaded = load_model(tmp_path / "last.ckpt", model_name="DeMask")
    torch.testing.assert_close(loaded.model(torch.ones(300)), expected(published))


@pytest.mark.parametrize("built", ["lstm", "gru", "rnn"])
def test_the_recurrent_type_is_what_the_weights_have(built: str) -> None:
    model = LSTMTasNet(1, rnn_type=built, n_filters=4, n_layers=1, hid_size=3).eval()
    stored = {**model.get_model_args(), "rnn_type": "gru"}  # what the user had asked for
    loaded = load_model({"model_name": "LSTMTasNet", "model_args": stored, "state_dict": model.state_dict()}).model
    wav = torch.ones(60)
    torch.testing.assert_close(loaded(wav), model(wav))


def test_a_configured_stride_that_was_never_used_is_dropped(tmp_path: Path) -> None:
    model = SuDORMRFNet(1, n_filters=4, bn_chan=3, num_blocks=1)
    config = {"filterbank": {"n_filters": 4, "stride": 5}, "masknet": {"n_src": 1, "bn_chan": 3, "num_blocks": 1}}
    state = {f"model.{key}": value for key, value in model.state_dict().items()}
    torch.save({"state_dict": state, "training_config": config}, tmp_path / "epoch.ckpt")
    assert load_model(tmp_path / "epoch.ckpt", model_name="SuDORMRFNet").model.hop_samples == 10


def test_a_stored_stride_that_was_never_used_is_dropped() -> None:
    model = build("FasNetTAC")
    stored = {**model.get_model_args(), "stride": 7}  # in samples, whatever the user had asked for in milliseconds
    loaded = load_model({"model_name": "FasNetTAC", "model_args": stored, "state_dict": model.state_dict()}).model
    wav = torch.randn(1, 2, 600)
    torch.testing.assert_close(loaded(wav), model(wav))


class Runs:
    """A pickle that would leave a mark if it were executed."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (str(self.mark),))


@pytest.mark.parametrize("new_format", [True, False], ids=["zip", "legacy"])
def test_a_pickle_that_runs_code_is_refused_by_name_and_not_executed(
    published: dict[str, Any], tmp_path: Path, new_format: bool
) -> None:
    mark = tmp_path / "executed"
    path = tmp_path / "model.pth"
    torch.save({**published, "infos": Runs(mark)}, path, _use_new_zipfile_serialization=new_format)
    with pytest.raises(RefusedError, match="mkdir"):
        load_model(path)
    assert not mark.exists()


@pytest.mark.parametrize("thing", [datetime.datetime(2020, 1, 1), Path("x"), print], ids=["datetime", "path", "print"])
def test_other_types_are_refused_by_name(thing: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.pth"
    torch.save({"thing": thing}, path)
    with pytest.raises(RefusedError, match=r"datetime|Path|print"):
        load_pickle(path)


def test_damaged_files_are_refused(published: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "model.pth"
    torch.save(published, path)
    content = path.read_bytes()
    for damaged in (b"", b"PK", content[:100], content[: len(content) // 2], b"just some text, no model"):
        path.write_bytes(damaged)
        with pytest.raises(InputError):
            load_model(path)


@pytest.mark.parametrize("key", ["model_name", "model_args", "state_dict"])
def test_what_is_missing_is_named(published: dict[str, Any], key: str) -> None:
    del published[key]
    with pytest.raises(InputError, match=key):
        load_model(published)


@pytest.mark.parametrize(
    "content", [torch.zeros(2), [1], {"model_name": 1, "model_args": 2, "state_dict": 3}, {"model_args": {1: 2}}]
)
def test_odd_content_is_refused(content: Any, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "model.pth")
    with pytest.raises(InputError):
        load_model(tmp_path / "model.pth")


@pytest.mark.parametrize("fault", ["shape", "missing", "extra", "nan", "infinite", "rank"])
@pytest.mark.parametrize("new_format", [True, False], ids=["zip", "legacy"])
def test_tensors_that_do_not_fit_are_refused(
    published: dict[str, Any], tmp_path: Path, fault: str, new_format: bool
) -> None:
    state = dict(published["state_dict"])
    key = next(name for name in state if name.endswith("bias"))
    if fault == "missing":
        del state[key]
    else:
        changed = {
            "shape": state[key][:-1],
            "extra": state[key],
            "nan": state[key] * torch.nan,
            "infinite": state[key] + torch.inf,
            "rank": state[key].unsqueeze(0),
        }[fault]
        state["surplus" if fault == "extra" else key] = changed
    torch.save({**published, "state_dict": state}, tmp_path / "m.pth", _use_new_zipfile_serialization=new_format)
    with pytest.raises(InputError, match="surplus" if fault == "extra" else key):
        load_model(tmp_path / "m.pth")


def test_convert_keeps_every_bit_and_names_the_parent(published: dict[str, Any], tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from separate_cli.cli.app import app

    torch.save(published, tmp_path / "model.pth")
    done = CliRunner().invoke(app, ["model", "convert", str(tmp_path / "model.pth")])
    assert done.exit_code == 0, done.output
    target = tmp_path / "model.safetensors"
    for key, value in load_model(target).model.state_dict().items():
        assert torch.equal(value, published["state_dict"][key])
    assert "model.pth" in read_header(target).parents
    again = CliRunner().invoke(app, ["model", "convert", str(tmp_path / "model.pth")])
    assert again.exit_code == 3


@pytest.mark.acceptance
def test_every_golden_file_is_sound(golden_files: Path) -> None:
    from separate_cli.hub.checking import check_model

    files = sorted((golden_files / "checkpoints").glob("*.pth"))
    assert files
    for path in files:
        check_model(str(path))
