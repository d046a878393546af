"""Pickles: what they name decides, before anything of them is loaded; no small file fills the memory."""

from __future__ import annotations

import pickle
import struct
import sys
import zipfile
from collections import Counter, OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from separate_cli.errors import InputError, RefusedError
from separate_cli.hub.pickles import load_pickle

CALLS: dict[str, Callable[..., Any]] = {
    "torch.hub.load": torch.hub.load,
    "torch.hub.load_state_dict_from_url": torch.hub.load_state_dict_from_url,
    "torch.serialization.load": torch.load,
    "torch.serialization.save": torch.save,
    "torch.jit._serialization.load": torch.jit.load,
    "os.mkdir": __import__("os").mkdir,
}


class Calls:
    """A pickle that calls a function with an argument."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __reduce__(self) -> tuple[Any, ...]:
        return self.function, ("mark",)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("form", ["zip", "old", "raw"])
def test_calls_are_refused_by_their_full_names(
    name: str, protocol: int, form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path, content = tmp_path / "model.pth", {"state_dict": Calls(CALLS[name])}
    if form == "raw":
        path.write_bytes(pickle.dumps(content, protocol=protocol))
    else:
        torch.save(content, path, pickle_protocol=protocol, _use_new_zipfile_serialization=form == "zip")
    full = name if name != "os.mkdir" else f"{sys.modules['os'].mkdir.__module__}.mkdir"
    with pytest.raises(RefusedError) as caught:
        load_pickle(path)
    assert f"asks to load {full}, which could run code; nothing of it was executed." in caught.value.message
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.pth"]


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "old"])
def test_whatever_tensors_and_tables_need_is_allowed(zipped: bool, tmp_path: Path) -> None:
    content = {
        "tensors": [torch.zeros(2, dtype=kind) for kind in (torch.float16, torch.bfloat16, torch.int8, torch.bool)],
        "parameter": torch.nn.Parameter(torch.ones(2)),
        "facts": (torch.float32, torch.Size([1, 2]), torch.device("cpu"), torch.strided),
        "counts": Counter("aab"),
        "order": OrderedDict(a=1),
        "set": {1, 2},
        "complex": 1 + 2j,
        "bytes": [b"\x00\xff", b"\x01", b"\x01"],
        "number": [np.float64(1.5), np.float32(0.5), np.int64(3), np.bool_(True), np.str_("x")],
        "version": torch.__version__,
    }
    torch.save(content, tmp_path / "model.pth", _use_new_zipfile_serialization=zipped)
    loaded = load_pickle(tmp_path / "model.pth")
    assert loaded.keys() == content.keys()
    for key in content.keys() - {"tensors", "parameter"}:
        assert loaded[key] == content[key]
    assert all(torch.equal(*pair) for pair in zip(loaded["tensors"], content["tensors"], strict=True))


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "old"])
def test_a_sound_file_of_protocol_4_is_called_what_it_is(zipped: bool, tmp_path: Path) -> None:
    path = tmp_path / "model.pth"
    content = {"a": torch.zeros(2), "b": "text" * 40_000}
    torch.save(content, path, pickle_protocol=4, _use_new_zipfile_serialization=zipped)
    with pytest.raises(InputError, match="written in pickle protocol 4") as caught:
        load_pickle(path)
    assert "pickle_protocol=2" in caught.value.hint


def test_a_pickle_that_torch_did_not_write_is_called_one(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(pickle.dumps({"a": [1, 2]}, protocol=2))
    with pytest.raises(InputError, match=r"not one that torch\.save wrote"):
        load_pickle(tmp_path / "model.pkl")


def test_names_that_a_version_of_torch_does_not_know_are_refused_by_name(tmp_path: Path) -> None:
    archive(tmp_path / "model.pth", b"ctorch._utils\n_rebuild_later\n.")
    with pytest.raises(RefusedError, match=r"torch\._utils\._rebuild_later, which"):
        load_pickle(tmp_path / "model.pth")


def test_names_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    archive(tmp_path / "model.pth", text("os\x1b[2J\n") + text("mkdir\u202e") + b"\x93.")
    with pytest.raises(RefusedError) as caught:
        load_pickle(tmp_path / "model.pth")
    assert caught.value.message.isprintable()


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def archive(path: Path, opcodes: bytes) -> None:
    with zipfile.ZipFile(path, "w") as target:
        target.writestr("model/data.pkl", b"\x80\x02" + opcodes)
        target.writestr("model/version", "3\n")
        target.writestr("model/byteorder", "little")


ENCODE = b"c_codecs\nencode\n"
GREEDY = {
    "bytearray": b"cbuiltins\nbytearray\nJ" + struct.pack("<i", 2_000_000_000) + b"\x85R.",
    "bytearray of Python 2": b"c__builtin__\nbytearray\nJ" + struct.pack("<i", 2_000_000_000) + b"\x85R.",
    "doubled thirty times": ENCODE * 31 + text("ab") + text("latin1") + b"\x86R" + (text("hex") + b"\x86R") * 30 + b".",
    "one text encoded often": b"("
    + text("ab" * 99)
    + b"q\x01"
    + (ENCODE + b"h\x01" + text("latin1") + b"\x86R")
    + b"t.",
    "an empty number": b"cnumpy._core.multiarray\nscalar\ncnumpy\ndtype\n" + text("V2000000000") + b"\x85R\x85R.",
}


@pytest.mark.parametrize("case", GREEDY)
def test_small_files_do_not_fill_the_memory(case: str, tmp_path: Path) -> None:
    archive(tmp_path / "model.pth", GREEDY[case])
    with pytest.raises((RefusedError, InputError), match=r"any amount of memory|missing 1 required"):
        load_pickle(tmp_path / "model.pth")


def test_only_the_pickle_that_torch_reads_counts(tmp_path: Path) -> None:
    """A decoy under another name, or a zip archive behind an old file, hides nothing."""
    bad = b"\x80\x02cos\nmkdir\n" + text("mark") + b"\x85R."
    with zipfile.ZipFile(tmp_path / "two.pth", "w") as target:
        target.writestr("model/version", "3\n")
        target.writestr("model/data.pkl", bad)
        target.writestr("other/data.pkl", b"\x80\x02}.")
    archive(tmp_path / "good.pth", b"}.")
    (tmp_path / "behind.pth").write_bytes(bad + (tmp_path / "good.pth").read_bytes())
    for name in ("two.pth", "behind.pth"):
        with pytest.raises(RefusedError, match=r"os\.mkdir"):
            load_pickle(tmp_path / name)
