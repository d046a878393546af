"""Files that mean harm or are damaged anywhere: a clear refusal, no code run, no memory taken, no partial model."""

from __future__ import annotations

import json
import pickle
import struct
import zipfile
from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from separate_cli.errors import InputError, RefusedError, SepError
from separate_cli.hub import load_model, save_checkpoint
from separate_cli.hub.asteroid_import import import_asteroid
from separate_cli.hub.header import Header
from separate_cli.hub.pickles import load_pickle
from separate_cli.models.dcunet import DCUNet
from tiny_models import TINY, build


@cache
def saved(name: str) -> bytes:
    """A checkpoint of ours."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        save_checkpoint(build(name), path)
        return path.read_bytes()


@cache
def published(*, zipped: bool = True) -> bytes:
    """A checkpoint as Asteroid writes it."""
    model = build("DeMask")
    stream = BytesIO()
    content = {"model_name": "DeMask", "model_args": model.get_model_args(), "state_dict": model.state_dict()}
    torch.save(content | {"infos": {"a": [1.0, "b"]}}, stream, _use_new_zipfile_serialization=zipped)
    return stream.getvalue()


def parts(content: bytes) -> tuple[dict[str, Any], bytes]:
    (length,) = struct.unpack("<Q", content[:8])
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def joined(header: dict[str, Any] | bytes, data: bytes) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def with_arguments(name: str, **changed: Any) -> bytes:
    header, data = parts(saved(name))
    about = header["__metadata__"]
    about["model_args"] = json.dumps(json.loads(about["model_args"]) | changed)
    return joined(header, data)


def refusal(content: bytes, path: Path) -> str:
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        load_model(path)
    assert caught.value.hint
    assert "\n" not in caught.value.message
    return caught.value.message


@pytest.mark.parametrize("name", TINY)
def test_every_sound_model_loads(name: str, tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(saved(name))
    loaded = load_model(tmp_path / "model.safetensors").model
    state = build(name).state_dict()
    assert loaded.state_dict().keys() == state.keys()
    assert all(torch.equal(value, state[key]) for key, value in loaded.state_dict().items())


def test_large_filters_that_the_constructor_makes_are_made_again(tmp_path: Path) -> None:
    model = DCUNet("mini", stft_n_filters=1024, stft_kernel_size=1024, stft_stride=256).eval()
    save_checkpoint(model, tmp_path / "model.safetensors")
    wav = torch.randn(1, 3000)
    torch.testing.assert_close(load_model(tmp_path / "model.safetensors").model(wav), model(wav))


CHANGES: dict[str, tuple[Callable[[dict[str, Any], list[str]], Any], str]] = {
    "overlapping tensors": (lambda h, keys: h[keys[1]].update(data_offsets=h[keys[0]]["data_offsets"]), "invalid"),
    "tensors beyond the end": (lambda h, keys: h[keys[0]].update(data_offsets=[0, 1 << 60]), "invalid"),
    "tensors before the start": (lambda h, keys: h[keys[0]].update(data_offsets=[-8, 8]), "invalid"),
    "shapes beyond counting": (lambda h, keys: h[keys[0]].update(shape=[1 << 40, 1 << 40]), "overflow"),
    "an unknown number type": (lambda h, keys: h[keys[0]].update(dtype="X9"), "X9"),
    "a path for a name": (lambda h, keys: h.update({"../../secret": h.pop(keys[0])}), "'../../secret'"),
    "an endless rate": (lambda h, keys: h["__metadata__"].update(sample_rate="Infinity"), "finite"),
    "nested lists": (lambda h, keys: h["__metadata__"].update(recipe="[" * 100_000), "recursion"),
    "half a character": (lambda h, keys: h["__metadata__"].update(title='"\\ud800"'), "shown"),
}


@pytest.mark.parametrize("case", CHANGES)
def test_crafted_headers_are_refused(case: str, tmp_path: Path) -> None:
    change, words = CHANGES[case]
    header, data = parts(saved("DeMask"))
    change(header, [key for key in header if key != "__metadata__"])
    assert words in refusal(joined(header, data), tmp_path / "model.safetensors")


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"\xff{}", b'{"__metadata__":{},"__metadata__":{}}'])
def test_headers_that_are_no_table_are_refused(text: bytes, tmp_path: Path) -> None:
    refusal(joined(text, b""), tmp_path / "model.safetensors")


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("DeMask", {"n_filters": 1 << 20, "kernel_size": 1 << 20}),
        ("DeMask", {"hidden_dims": [8] * 100_000}),
        ("DeMask", {"stride": 1e300}),
        ("ConvTasNet", {"n_repeats": 10**9}),
        ("LSTMTasNet", {"n_layers": 10**9}),
        ("SuDORMRFNet", {"upsampling_depth": 10**9}),
        ("DCUNet", {"stft_n_filters": 1 << 40}),
        ("FasNetTAC", {"context_ms": 10**9}),
        ("LookingToListen", {"n_src": 10**12}),
        ("XUMX", {"sources": ["a"] * 1000}),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_huge_descriptions_cost_neither_time_nor_memory(name: str, changed: dict[str, Any], tmp_path: Path) -> None:
    refusal(with_arguments(name, **changed), tmp_path / "model.safetensors")


@pytest.mark.parametrize(
    "odd",
    [
        torch.zeros(1).expand(1 << 40),
        torch.zeros(8, dtype=torch.complex64),
        torch.zeros(8).to_sparse(),
        torch.zeros(8, device="meta"),
    ],
    ids=["endless view", "complex", "sparse", "without data"],
)
@pytest.mark.parametrize("key", ["masker.1.bias", "surplus"])
def test_odd_tensors_are_refused(odd: torch.Tensor, key: str) -> None:
    model = build("DeMask")
    state = model.state_dict() | {key: odd}
    with pytest.raises(InputError, match=key):
        load_model({"model_name": "DeMask", "model_args": model.get_model_args(), "state_dict": state})


@pytest.mark.parametrize("size", [100, 4 << 20], ids=["compressed", "bomb"])
def test_compressed_archives_are_refused_unread(size: int, tmp_path: Path) -> None:
    source = zipfile.ZipFile(BytesIO(published()))
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in source.infolist():
            tensor = "/data/" in entry.filename
            archive.writestr(entry.filename, b"\0" * size if tensor else source.read(entry))
    assert "claim to hold" in refusal(target.getvalue(), tmp_path / "model.pth")


def test_a_description_that_contains_itself_is_refused() -> None:
    model = build("DeMask")
    loop: dict[str, Any] = {}
    loop["again"] = loop
    good = {"model_name": "DeMask", "model_args": model.get_model_args(), "state_dict": model.state_dict()}
    for changed in ({"infos": loop}, {"model_args": loop}):
        with pytest.raises(InputError, match="damaged description"):
            load_model(good | changed)


CALLS = {
    "global": b"cos\nmkdir\n(X\x04\x00\x00\x00markt\x52.",
    "instance": b"(X\x04\x00\x00\x00markios\nmkdir\n.",
    "stack global": b"\x8c\x02os\x8c\x05mkdir\x93(X\x04\x00\x00\x00markt\x52.",
    "builtin": b"cbuiltins\neval\n(X\x12\x00\x00\x00open('mark', 'w+')  t\x52.",
    "torch's own": b"ctorch.hub\nload\n(X\x04\x00\x00\x00markt\x52.",
    "extension": b"\x82\x01.",
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_no_kind_of_call_is_executed(call: str, zipped: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    content = b"\x80\x04" + CALLS[call]
    if zipped:
        stream = BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("model/data.pkl", content)
            archive.writestr("model/version", "3\n")
            archive.writestr("model/byteorder", "little")
        content = stream.getvalue()
    Path("model.pth").write_bytes(content)
    with pytest.raises((InputError, RefusedError)):
        load_model("model.pth")
    assert [path.name for path in tmp_path.iterdir()] == ["model.pth"]


def damage(content: bytes, edits: list[tuple[float, int, bytes]]) -> bytes:
    """``content`` with pieces overwritten, cut out and put in, at places given as fractions."""
    for place, n_removed, inserted in edits:
        start = int(place * len(content))
        content = content[:start] + inserted + content[start + n_removed :]
    return content


EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 40), st.binary(max_size=12)), min_size=1, max_size=4
)  # of any bytes of a file
FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.filterwarnings("ignore")  # torch warns of odd files before it refuses them
@pytest.mark.parametrize("kind", ["safetensors", "zip", "legacy"])
@FUZZ
@given(edits=EDITS)
def test_damage_anywhere_gives_a_whole_model_or_a_clear_error(
    kind: str, tmp_path: Path, edits: list[tuple[float, int, bytes]]
) -> None:
    whole = saved("DeMask") if kind == "safetensors" else published(zipped=kind == "zip")
    path = tmp_path / "model"
    path.write_bytes(damage(whole, edits))
    try:
        model = load_model(path).model
    except SepError as error:
        assert error.hint
        return
    assert all(value.isfinite().all() for value in model.state_dict().values())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(sorted(Header.model_fields))


@FUZZ
@given(st.dictionaries(FIELDS | st.text(max_size=8), JSON.map(json.dumps) | st.text(max_size=20), max_size=5))
def test_any_metadata_gives_a_header_or_a_clear_error(changed: dict[str, str]) -> None:
    whole = {"sep_format": '"1"', "model_name": '"DeMask"', "model_args": "{}", "sample_rate": "8000"}
    for metadata in (changed, whole | changed):
        try:
            header = Header.from_metadata(metadata, where="it")
        except InputError:
            continue
        assert Header.from_metadata(header.to_metadata(), where="it") == header


PARTS = st.sampled_from(
    ["model_name", "model_args", "state_dict", "infos", "licenses", "task", "dataset", "training_config", "epoch"]
)
VALUES = st.recursive(
    st.none() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(max_size=4) | st.just(torch.zeros(3)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(PARTS | st.sampled_from(["sample_rate", "n_src", "title"]) | st.integers(), inner, max_size=3)
    ),
    max_leaves=8,
)


@FUZZ
@example({"infos": torch.zeros(3)}, "")
@example({"model_args": {"n_src": torch.inf}, "infos": {"final_metrics": {"sir": torch.inf}}}, "DeMask")
@given(st.dictionaries(PARTS, VALUES, max_size=6), st.sampled_from(["", "DeMask", "LSTMTasNet", "FasNetTAC"]))
def test_any_content_gives_weights_or_a_clear_error(content: dict[str, Any], name: str) -> None:
    for whole in (content, {"model_name": name, "model_args": {}, "state_dict": {}} | content):
        try:
            weights = import_asteroid(whole, where="it", model_name=name)
        except InputError:
            continue
        assert Header.from_metadata(weights.header.to_metadata(), where="it") == weights.header


@pytest.mark.filterwarnings("ignore")
@FUZZ
@given(st.binary(max_size=60), st.sampled_from([b"\x80\x02", b"\x80\x04", b"PK\x03\x04", b""]), VALUES)
def test_any_pickle_gives_its_content_or_a_clear_error(tmp_path: Path, tail: bytes, start: bytes, value: Any) -> None:
    path = tmp_path / "model.pth"
    for content in (start + tail, pickle.dumps(value, protocol=2)):
        path.write_bytes(content)
        try:
            load_pickle(path)
        except SepError as error:
            assert error.hint
