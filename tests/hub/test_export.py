"""Exported files give the model's numbers at sizes that they were not recorded at, or are not kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from separate_cli import XUMX, CaCGMM, LSTMTasNet, models
from separate_cli.errors import InputError, UsageError
from separate_cli.hub import export
from separate_cli.hub.export import export_model
from separate_cli.models.base import Separator
from tiny_models import TINY, build, inputs_of

EXPORTED = [name for name in TINY if name != "CaCGMM"]


def onnx_session(path: Path) -> Any:
    import onnxruntime

    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def assert_same(found: Tensor, expected: Tensor) -> None:
    assert found.shape == expected.shape
    assert (found - expected).abs().max() <= 1e-5 * expected.abs().max()


@pytest.mark.parametrize("name", EXPORTED)
def test_onnx_files_give_the_models_numbers(name: str, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    model = build(name)
    done = export_model(model, tmp_path / "model.onnx")
    assert done.relative_error <= 1e-5
    session = onnx_session(done.path)
    for batch, samples in [(1, 1999), (4, 3210)]:
        inputs = inputs_of(model, batch, samples)
        with torch.no_grad():
            expected = model(*inputs.values())
        arrays = {key: value.numpy() for key, value in inputs.items()}
        assert_same(torch.from_numpy(session.run(None, arrays)[0]), expected)


@pytest.mark.parametrize("name", EXPORTED)
@pytest.mark.filterwarnings("ignore:.*torch.jit.*deprecated:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:.*torch.jit.*deprecated:FutureWarning")
def test_torchscript_files_give_the_models_numbers(name: str, tmp_path: Path) -> None:
    model = build(name)
    done = export_model(model, tmp_path / "model.pt", format="torchscript")
    loaded = torch.jit.load(str(done.path))
    inputs = inputs_of(model, 4, 3210).values()
    with torch.no_grad():
        assert_same(loaded(*inputs), model(*inputs))


LSTM = {"n_src": 2, "n_filters": 8, "kernel_size": 8, "stride": 4, "hid_size": 4, "n_layers": 1}
MONO = {"window_length": 64, "in_chan": 64, "n_hop": 16, "hidden_size": 8, "nb_layers": 1, "nb_channels": 1}
LESS_USUAL = {
    "mono X-UMX": lambda: XUMX(["vocals", "other"], **MONO),
    "decoder by inverse": lambda: LSTMTasNet(**LSTM, who_is_pinv="decoder"),
    "encoder by inverse": lambda: LSTMTasNet(**LSTM, who_is_pinv="encoder"),
}


@pytest.mark.parametrize("form", LESS_USUAL)
@pytest.mark.parametrize("format", ["torchscript", "onnx"])
@pytest.mark.filterwarnings("ignore:.*torch.jit.*deprecated:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:.*torch.jit.*deprecated:FutureWarning")
def test_less_usual_forms_are_exported_too(form: str, format: Any, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    assert export_model(LESS_USUAL[form]().eval(), tmp_path / "model", format=format).relative_error <= 1e-5


def test_every_model_is_exported_or_says_why_not(tmp_path: Path) -> None:
    assert {cls for cls, _ in TINY.values()} == set(models.available())
    with pytest.raises(UsageError, match="CaCGMM cannot be exported: it has no weights"):
        export_model(CaCGMM(), tmp_path / "model.pt", format="torchscript")
    assert not list(tmp_path.iterdir())


def test_the_model_itself_is_left_as_it_was(tmp_path: Path) -> None:
    model = build("DeMask").double().train()
    export_model(model, tmp_path / "model.pt", format="torchscript")
    assert model.training
    assert model.masker[1].weight.dtype is torch.float64


class Swelling(Separator):
    """Louder at other lengths than the one that it was recorded at: a trace cannot know."""

    def __init__(self) -> None:
        super().__init__(sample_rate=8000, n_sources=1)

    def forward(self, wav: Tensor) -> Tensor:
        return wav * int(wav.shape[-1])


@pytest.mark.parametrize("format", ["torchscript", "onnx"])
def test_a_file_that_disagrees_is_not_kept(format: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(export._WRITERS, "onnx", export._WRITERS["onnx"][:1])  # the second way is right, and slow
    if format == "onnx":
        pytest.importorskip("onnxruntime")
    with pytest.raises(InputError, match="estimates differ by"):
        export_model(Swelling(), tmp_path / "model", format=format)
    assert not list(tmp_path.iterdir())


def test_the_file_says_what_it_is(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    done = export_model(build("XUMX"), tmp_path / "model.onnx")
    facts = onnx_session(done.path).get_modelmeta().custom_metadata_map
    assert done.opset == 17
    assert json.loads(facts["source_names"]) == ["vocals", "other"]
    assert json.loads(facts["sample_rate"]) == 8000


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="17 or more, got 16"):
        export_model(build("DeMask"), tmp_path / "model.onnx", opset=16)
    monkeypatch.setattr(export, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match="onnxruntime") as caught:
        export_model(build("DeMask"), tmp_path / "model.onnx")
    assert "separate-cli[onnx]" in caught.value.hint
