"""Our checkpoint file: what is written is what is read, and nothing malformed gets in."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest
import torch

from separate_cli.errors import InputError, OutputError
from separate_cli.hub import Dataset, load_model, read_header, save_checkpoint
from separate_cli.models.demask import DeMask


@pytest.fixture
def model() -> DeMask:
    torch.manual_seed(0)
    return DeMask(hidden_dims=(8,), n_filters=16, kernel_size=16, stride=8, norm_type="cLN").eval()


@pytest.fixture
def saved(model: DeMask, tmp_path: Path) -> Path:
    path = tmp_path / "small.safetensors"
    save_checkpoint(model, path, title="small", licence="MIT", datasets=(Dataset(name="noise", licence="CC0"),))
    return path


def rewrite(path: Path, change: Any) -> None:
    """Apply ``change`` to the JSON header of a safetensors file, tensors untouched."""
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    change(header)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + content[8 + length :])


def test_a_saved_model_gives_the_same_samples(model: DeMask, saved: Path) -> None:
    wav = torch.randn(2, 1, 500)
    loaded = load_model(saved)
    assert not loaded.model.training
    torch.testing.assert_close(loaded.model(wav), model(wav), rtol=0, atol=0)
    assert loaded.name == "small"


def test_the_same_model_gives_the_same_bytes(model: DeMask, tmp_path: Path) -> None:
    contents = set()
    for name in "abcdef":
        save_checkpoint(model, tmp_path / name, title="t", notes=("n",), metrics={"b": 1, "a": 2})
        contents.add((tmp_path / name).read_bytes())
    assert len(contents) == 1


def test_the_header_is_read_without_tensors(saved: Path) -> None:
    header = read_header(saved)
    assert header.model_name == "DeMask"
    assert header.sample_rate == 16000
    assert header.datasets[0].licence == "CC0"
    assert header.software["torch"] == str(torch.__version__)


def test_loading_leaves_the_random_state_alone(saved: Path) -> None:
    before = torch.get_rng_state()
    load_model(saved)
    assert torch.equal(before, torch.get_rng_state())


def test_filters_that_the_constructor_makes_are_not_stored(saved: Path) -> None:
    from separate_cli.hub.checkpoint import read_checkpoint

    whole = read_checkpoint(saved)
    assert "encoder.filterbank._filters" in whole.header.rebuilt
    assert not set(whole.header.rebuilt) & set(whole.tensors)


def test_only_buffers_may_be_left_out(saved: Path) -> None:
    from separate_cli.hub.checkpoint import Weights, read_checkpoint, write_weights

    whole = read_checkpoint(saved)
    key = next(name for name in whole.tensors if name.endswith("bias"))
    header = whole.header.model_copy(update={"rebuilt": (*whole.header.rebuilt, key)})
    write_weights(Weights(header, {k: v for k, v in whole.tensors.items() if k != key}), saved)
    with pytest.raises(InputError, match=key):
        load_model(saved)


def test_half_precision_storage_gives_a_single_precision_model(model: DeMask, tmp_path: Path) -> None:
    from separate_cli.hub.checkpoint import Weights, read_checkpoint, write_weights

    path = tmp_path / "half.safetensors"
    save_checkpoint(model, path)
    whole = read_checkpoint(path)
    write_weights(Weights(whole.header, {k: v.half() for k, v in whole.tensors.items()}), path)
    loaded = load_model(path).model
    assert {value.dtype for value in loaded.state_dict().values()} == {torch.float32}


def test_every_truncation_is_refused(saved: Path) -> None:
    content = saved.read_bytes()
    for size in (0, 1, 7, 8, 9, 200, len(content) // 2, len(content) - 1):
        saved.write_bytes(content[:size])
        with pytest.raises(InputError):
            load_model(saved)


def test_a_header_that_claims_two_gigabytes_is_refused_before_reading(saved: Path) -> None:
    saved.write_bytes(struct.pack("<Q", 2 << 30) + b"{" + b" " * 1000)
    with pytest.raises(InputError, match="2147483648 bytes"):
        load_model(saved)


def test_wrong_shapes_missing_and_extra_tensors_are_refused(saved: Path) -> None:
    from separate_cli.hub.checkpoint import Weights, read_checkpoint, write_weights

    whole = read_checkpoint(saved)
    key = next(name for name in whole.tensors if name.endswith("bias"))
    for tensors in (
        {**whole.tensors, key: whole.tensors[key][:-1]},
        {name: value for name, value in whole.tensors.items() if name != key},
        {**whole.tensors, "surplus": torch.zeros(1)},
    ):
        write_weights(Weights(whole.header, tensors), saved)
        with pytest.raises(InputError, match=f"{key}|surplus"):
            load_model(saved)


def test_nan_weights_are_refused(saved: Path) -> None:
    from separate_cli.hub.checkpoint import Weights, read_checkpoint, write_weights

    whole = read_checkpoint(saved)
    key = next(name for name in whole.tensors if name.endswith("bias"))
    write_weights(Weights(whole.header, {**whole.tensors, key: whole.tensors[key] * torch.nan}), saved)
    with pytest.raises(InputError, match="NaN"):
        load_model(saved)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda h: h["__metadata__"].pop("sep_format"), "does not say which model"),
        (lambda h: h["__metadata__"].update(sep_format='"99"'), "format '99'"),
        (lambda h: h["__metadata__"].update(model_name='"os.system"'), "Unknown model"),
        (lambda h: h["__metadata__"].update(model_args='{"n_filters": "x"}'), "cannot be built"),
        (lambda h: h["__metadata__"].update(model_args='{"surprise": 1}'), "surprise"),
        (lambda h: h["__metadata__"].update(model_args="{"), "damaged header"),
        (lambda h: h["__metadata__"].update(sample_rate="-1"), "sample_rate"),
        (lambda h: h["__metadata__"].update(sample_rate="44100"), "for 44100 Hz, its model 16000 Hz"),
        (lambda h: h["__metadata__"].update(extra="1"), "extra"),
    ],
)
def test_a_changed_header_is_refused(saved: Path, change: Any, message: str) -> None:
    rewrite(saved, change)
    with pytest.raises(InputError, match=message):
        load_model(saved)


def test_hostile_sizes_take_no_memory(saved: Path) -> None:
    sizes = {"hidden_dims": [1 << 30], "n_filters": 16, "kernel_size": 16, "stride": 8, "norm_type": "cLN"}
    rewrite(saved, lambda h: h["__metadata__"].update(model_args=json.dumps(sizes)))
    with pytest.raises(InputError):
        load_model(saved)


def test_an_unwritable_target_leaves_nothing_behind(model: DeMask, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError):
        save_checkpoint(model, tmp_path / "file" / "model.safetensors")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_run_folder_means_its_best_model(saved: Path) -> None:
    saved.rename(saved.with_name("best.safetensors"))
    assert load_model(saved.parent).path == saved.with_name("best.safetensors")


def test_an_unknown_name_is_answered_with_what_there_is() -> None:
    with pytest.raises(InputError, match="demsk") as caught:
        load_model("demsk")
    assert "demask" in caught.value.hint


def test_overrides_replace_stored_arguments_and_change_the_hash(saved: Path) -> None:
    plain, changed = load_model(saved), load_model(saved, mask_act="sigmoid")
    assert changed.model.get_model_args()["mask_act"] == "sigmoid"
    assert plain.content_hash != changed.content_hash


def test_another_sample_rate_is_also_what_the_header_says(saved: Path) -> None:
    changed = load_model(saved, sample_rate=8000)
    assert changed.model.sample_rate == changed.header.sample_rate == 8000
