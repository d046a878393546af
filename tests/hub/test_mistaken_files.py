"""What is no model, or not the model that the caller names: the message says what it is and whose mistake."""

from __future__ import annotations

import os
import re
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

from separate_cli import from_pretrained
from separate_cli.errors import InputError
from separate_cli.hub import load_model, read_header, save_checkpoint
from separate_cli.hub.checkpoint import Weights, read_checkpoint, write_weights
from separate_cli.models.demask import DeMask
from tiny_models import build

BANK = {"n_filters": 16, "kernel_size": 8, "stride": 4}
MASKS = {"n_blocks": 2, "n_repeats": 1, "bn_chan": 8, "skip_chan": 8, "hid_chan": 8}


@pytest.fixture
def model() -> DeMask:
    return DeMask(hidden_dims=(8,), n_filters=16, kernel_size=16, stride=8)


@pytest.fixture
def saved(model: DeMask, tmp_path: Path) -> Path:
    save_checkpoint(model, tmp_path / "small.safetensors")
    return tmp_path / "small.safetensors"


@pytest.fixture
def training(tmp_path: Path) -> Path:
    """A Lightning checkpoint of a ConvTasNet, as Asteroid's recipes write it."""
    from separate_cli import ConvTasNet

    trained = ConvTasNet(2, **BANK, **MASKS)  # type: ignore[arg-type]
    state = {f"model.{key}": value for key, value in trained.state_dict().items()}
    config = {"data": {"sample_rate": 8000, "n_src": 2}, "filterbank": BANK, "masknet": MASKS}
    torch.save({"state_dict": state, "training_config": config}, tmp_path / "light.ckpt")
    return tmp_path / "light.ckpt"


def refusal(reference: Any, **given: Any) -> InputError:
    with pytest.raises(InputError) as caught:
        load_model(reference, **given)
    assert caught.value.hint
    assert "\n" not in caught.value.message
    return caught.value


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0000\nsize 12345\n"
TEXTS = {
    "html": (b"\n<!DOCTYPE html><html><head><title>Sign in</title></head></html>", "a web page"),
    "short html": (b"<p>404", "a web page"),
    "marked html": (b"\xef\xbb\xbf<html>", "a web page"),
    "pointer": (POINTER, "a Git LFS pointer"),
    "text": (b"just some text, no model", "neither a safetensors nor a PyTorch file"),
    "protocol 0": (b"(dp0\nVmodel_name\np1\nVDeMask\np2\ns.", "neither a safetensors nor a PyTorch file"),
    "protocol 1": (b"}q\x00X\x01\x00\x00\x00aq\x01K\x01s.", "neither a safetensors nor a PyTorch file"),
    "nothing": (b"", "empty"),
    "zip": (None, "no data.pkl in it"),
    "tar": (None, "neither a safetensors nor a PyTorch file"),
    "torchscript": (None, "a TorchScript program, which sep does not run"),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_what_is_no_model_is_called_what_it_is(kind: str, tmp_path: Path) -> None:
    path, (content, words) = tmp_path / "model.pth", TEXTS[kind]
    if content is not None:
        path.write_bytes(content)
    elif kind == "tar":
        with tarfile.open(path, "w") as target:
            target.add(__file__, "model.py")
    else:
        name = "model/code/__torch__.py" if kind == "torchscript" else "model/weights.npy"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, "x" * 1000)
    assert words in refusal(path).message
    if content is not None:
        with pytest.raises(InputError, match=words):
            read_header(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_pipes_and_devices_are_refused_unopened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path(os.devnull)):
        assert "not a regular file" in refusal(path).message
        with pytest.raises(InputError, match="not a regular file"):
            read_header(path)


@pytest.mark.parametrize("reference", [None, 3, b"demask", ["demask"]])
def test_a_reference_of_another_type_is_a_type_error(reference: Any) -> None:
    with pytest.raises(TypeError, match=type(reference).__name__):
        from_pretrained(reference)


def test_a_training_checkpoint_is_led_to_a_command_that_there_is(training: Path) -> None:
    from typer.testing import CliRunner

    from separate_cli.cli.app import app

    hint = refusal(training).hint
    advice = re.search(r"sep (model convert) FILE (--model ConvTasNet)", hint)
    assert advice
    done = CliRunner().invoke(app, [*advice[1].split(), str(training), *advice[2].split()])
    assert done.exit_code == 0, done.output
    assert load_model(training.with_suffix(".safetensors")).header.model_name == "ConvTasNet"


def test_settings_of_another_class_are_named_and_the_file_not_blamed(training: Path) -> None:
    error = refusal(training, model_name="DPRNNTasNet")
    assert "do not fit DPRNNTasNet, which takes no n_blocks, skip_chan, hid_chan" in error.message
    assert "Name the class" in error.hint
    assert "damaged" not in error.message + error.hint


def test_tensors_of_another_class_are_not_blamed_on_the_file(training: Path) -> None:
    content = torch.load(training, weights_only=True)
    content["training_config"]["masknet"] = {}
    assert "Name the class" in refusal(content, model_name="DPRNNTasNet").hint


@pytest.mark.parametrize("given", [{"foo": 1}, {"n_filters": "x"}, {"n_filters": 32}, {"sample_rate": "x"}])
@pytest.mark.parametrize("form", ["file", "dictionary"])
def test_an_override_is_blamed_and_not_the_file(model: DeMask, saved: Path, given: dict[str, Any], form: str) -> None:
    content = {"model_name": "DeMask", "model_args": model.get_model_args(), "state_dict": model.state_dict()}
    error = refusal(saved if form == "file" else content, **given)
    assert next(iter(given)) in error.message + error.hint
    assert "eave" in error.hint  # it out
    assert "file" not in error.hint


def test_faults_of_the_file_are_still_the_file_s(model: DeMask) -> None:
    stored = {**model.get_model_args(), "foo": 1, "bar": None}
    error = refusal({"model_name": "DeMask", "model_args": stored, "state_dict": model.state_dict()})
    assert "takes no foo, bar" in error.message
    assert "another version" in error.hint


@pytest.mark.parametrize("value", [1e300, -1e39, torch.inf])
@pytest.mark.parametrize("form", ["safetensors", "pickle"])
def test_numbers_too_large_for_the_model_are_refused(saved: Path, value: float, form: str) -> None:
    whole = read_checkpoint(saved)
    key = next(name for name in whole.tensors if name.endswith("bias"))
    tensors = whole.tensors | {key: torch.full_like(whole.tensors[key], value, dtype=torch.float64)}
    if form == "safetensors":
        write_weights(Weights(whole.header, tensors), saved)
    else:
        torch.save({"model_name": "DeMask", "model_args": whole.header.model_args, "state_dict": tensors}, saved)
    assert f"{key} holds NaN or infinite weights" in refusal(saved).message


@pytest.mark.parametrize("kind", ["float64", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2"])
def test_any_floating_type_becomes_the_model_s(saved: Path, kind: str) -> None:
    whole = read_checkpoint(saved)
    tensors = {key: value.to(getattr(torch, kind)) for key, value in whole.tensors.items()}
    write_weights(Weights(whole.header, tensors), saved)
    state = load_model(saved).model.state_dict()
    assert all(torch.equal(state[key], value.float()) for key, value in tensors.items())


@pytest.mark.parametrize("kind", [torch.int64, torch.uint8, torch.bool])
def test_integers_are_no_weights(model: DeMask, kind: torch.dtype) -> None:
    state = model.state_dict()
    key = next(name for name in state if name.endswith("bias"))
    content = {"model_name": "DeMask", "model_args": model.get_model_args(), "state_dict": state}
    error = refusal(content | {"state_dict": state | {key: state[key].to(kind)}})
    assert f"{key} holds {str(kind).removeprefix('torch.')} numbers, the model needs float32" in error.message


def test_counting_buffers_stay_integers() -> None:
    counting = build("DCUNet")
    state = counting.state_dict()
    keys = [key for key in state if key.endswith("num_batches_tracked")]
    content = {"model_name": "DCUNet", "model_args": counting.get_model_args(), "state_dict": state}
    assert keys
    assert load_model(content).model.state_dict()[keys[0]].dtype == torch.int64
    state = state | {keys[0]: torch.tensor(0.5)}
    assert "the model needs int64" in refusal(content | {"state_dict": state}).message


def test_a_few_numbers_cannot_pass_for_many() -> None:
    """A file of a few bytes would otherwise make a model of any size."""
    model = DeMask(hidden_dims=(1 << 21,), n_filters=2, kernel_size=2, stride=1)
    state = {
        key: value[:1].clone().expand_as(value) if value.ndim else value for key, value in model.state_dict().items()
    }
    content = {"model_name": "DeMask", "model_args": model.get_model_args(), "state_dict": state}
    assert "repeats few numbers" in refusal(content).message
