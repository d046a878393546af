"""Hosts and records that mean harm: nothing is written elsewhere, run, or used unverified; tokens stay at home."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from separate_cli.errors import InputError, RefusedError, RemoteError, SepError
from separate_cli.hub import load_model
from separate_cli.hub.model_cache import held_models, models_folder, safe_name
from separate_cli.hub.references import resolve
from servers.hugging_face import TOKEN, HuggingFace
from servers.published import asteroid_file, own_file
from servers.serving import Reply, Server
from servers.zenodo import Fault, Zenodo

CONTENT = asteroid_file()


@pytest.fixture
def elsewhere() -> Iterator[Server]:
    """A host that wants the user's token."""
    with Server({"/model.pth": CONTENT}) as server:
        yield server


def record_of(file: dict[str, Any]) -> dict[str, Any]:
    """A record of one file, with what is right about it unless ``file`` says otherwise."""
    stated = {"key": "model.pth", "size": len(CONTENT), "checksum": f"md5:{hashlib.md5(CONTENT).hexdigest()}"}
    return {"id": 1, "metadata": {"title": "hostile"}, "files": [{**stated, **file}]}


@contextmanager
def answering(document: Any) -> Iterator[None]:
    """A Zenodo that answers ``document`` whatever record it is asked for."""
    with Server() as fake, pytest.MonkeyPatch.context() as patch:
        fake.on("GET", "/api/records/.*", lambda request, match: Reply.json(document))
        patch.setenv("SEP_ZENODO_URL", fake.url)
        yield


def nothing_was_kept(tmp_path: Path) -> bool:
    outside = [
        path for path in tmp_path.rglob("*") if path.is_file() and "cache" not in path.relative_to(tmp_path).parts
    ]
    return not held_models() and not outside


@pytest.mark.parametrize(
    "name",
    [
        "../../../../escaped.pth",
        "/tmp/escaped.pth",
        "..\\..\\escaped.pth",
        ".bashrc",
        "new",
        "entry.json",
        "a\x1b[2Jb.pth",
        "x" * 300 + ".pth",
    ],
)
def test_a_path_as_file_name_stays_in_the_cache(zenodo: Zenodo, elsewhere: Server, tmp_path: Path, name: str) -> None:
    document = record_of({"key": name, "links": {"self": f"{elsewhere.url}/model.pth"}})
    with answering(document):
        path = resolve(f"zenodo:1/{name}").path
    assert path.parent.parent == models_folder()
    assert path.read_bytes() == CONTENT
    assert path.name.isprintable()
    assert {one.name for one in tmp_path.iterdir()} == {"cache"}


def test_file_names_in_errors_are_harmless(elsewhere: Server) -> None:
    name = "\x1b[2J\u202ea.pth"
    document = record_of({"key": name, "links": {"self": f"{elsewhere.url}/model.pth"}})
    document["files"].append({**document["files"][0], "key": f"b{name}"})
    for reference in ("zenodo:1", "zenodo:1/c.pth"):
        with answering(document), pytest.raises(InputError) as error:
            resolve(reference)
        assert "[2Ja.pth" in error.value.message + error.value.hint
        assert (error.value.message + error.value.hint).isprintable()


def test_safe_names_are_names() -> None:
    for name in ("", ".", "..", "/", "\\", "CON:", "a/b\\c", "\0", "😀", "-rf", "x" * 1000):
        safe = safe_name(name)
        assert Path(safe).name == safe
        assert 0 < len(safe) <= 80
        assert not safe.startswith((".", "-"))


def test_another_content_than_zenodo_states_is_refused(elsewhere: Server, pauses: list[float], tmp_path: Path) -> None:
    address = {"self": f"{elsewhere.url}/model.pth"}
    for stated in ({"checksum": "md5:" + "0" * 32}, {"size": len(CONTENT) - 1}, {"size": 10**13}):
        with answering(record_of({"links": address, **stated})), pytest.raises(RemoteError, match=r"checksum|bytes"):
            resolve("zenodo:1")
    assert nothing_was_kept(tmp_path)


@pytest.mark.parametrize("is_large", [True, False])
def test_another_content_than_hugging_face_states_is_refused(
    hugging_face: HuggingFace, pauses: list[float], tmp_path: Path, is_large: bool
) -> None:
    other = asteroid_file(seed=1)
    hugging_face.add("jane/m", {"model.pth" if is_large else "model": CONTENT})
    commit = hugging_face.head("jane/m")
    if is_large:
        hugging_face.cdn.files[f"/large/{hashlib.sha256(CONTENT).hexdigest()}"] = other
    else:
        hugging_face.on("GET", f"/jane/m/resolve/{commit.oid}/model", lambda request, match: Reply(200, other))
    with pytest.raises(RemoteError, match=r"checksum|bytes"):
        resolve("hf:jane/m/model.pth" if is_large else "hf:jane/m/model")
    assert nothing_was_kept(tmp_path)


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://host/a", "data:,x", "//", "http://[x/"])
def test_a_redirect_away_from_the_web_is_not_followed(
    zenodo: Zenodo, hugging_face: HuggingFace, tmp_path: Path, pauses: list[float], target: str
) -> None:
    hugging_face.add("jane/m", {"model.pth": CONTENT})
    commit = hugging_face.head("jane/m").oid
    hugging_face.redirect(f"/jane/m/resolve/{commit}/model.pth", target)
    with pytest.raises(SepError):
        resolve("jane/m")
    with Server() as fake:
        fake.redirect("/api/records/1", target)
        fake.redirect("/model.pth", target)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SEP_ZENODO_URL", fake.url)
            with pytest.raises(SepError):
                resolve("zenodo:1")
        with pytest.raises(SepError):
            resolve(f"{fake.url}/model.pth")
    assert nothing_was_kept(tmp_path)


def test_the_token_goes_to_hugging_face_and_nowhere_else(
    hugging_face: HuggingFace, elsewhere: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    hugging_face.add("jane/m", {"model.pth": CONTENT}, private=True)
    commit = hugging_face.head("jane/m").oid
    hugging_face.redirect(f"/jane/m/resolve/{commit}/model.pth", f"{elsewhere.url}/model.pth")
    assert resolve("jane/m").path.read_bytes() == CONTENT
    assert resolve(f"{elsewhere.url}/model.pth").path.read_bytes() == CONTENT
    assert [one.headers.get("Authorization") for one in hugging_face.requests] == [f"Bearer {TOKEN}"] * 2
    assert elsewhere.requests
    assert not [one for one in elsewhere.requests if TOKEN in str(one.headers)]


def test_an_error_never_shows_the_token(hugging_face: HuggingFace, monkeypatch: pytest.MonkeyPatch) -> None:
    import traceback

    token = "hf_" + "s3cret" * 5
    monkeypatch.setenv("HF_TOKEN", token)
    hugging_face.fault("/api/models/jane/m/revision/main", status=401, body=token.encode())
    hugging_face.fault("/api/models/jane/m/revision/main", status=400, body=f'{{"error": "{token}"}}'.encode())
    for _ in range(2):
        with pytest.raises(SepError) as error:
            resolve("jane/m")
        assert token not in "".join(traceback.format_exception(error.value)) + error.value.hint


ODD = {
    "no table": [],
    "no files": {"id": 1, "files": "none"},
    "file without address": {"links": {}},
    "address on this computer": {"links": {"self": "file:///etc/passwd"}},
    "address that is none": {"links": {"self": 7}},
    "unknown checksum": {"checksum": "crc:1"},
    "checksum of spaces": {"checksum": "md5:   "},
    "no checksum": {"checksum": None},
    "negative size": {"size": -1},
    "name that is none": {"key": ["model.pth"]},
}


@pytest.mark.parametrize("what", ODD)
def test_odd_answers_are_errors_for_people(
    what: str, elsewhere: Server, tmp_path: Path, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = ODD[what]
    about = {"links": {"self": f"{elsewhere.url}/model.pth"}}
    document = odd if not isinstance(odd, dict) or "id" in odd else record_of({**about, **odd})
    with answering(document), pytest.raises(SepError) as error:
        resolve("zenodo:1")
    assert error.value.message
    assert nothing_was_kept(tmp_path)


def test_a_title_is_neither_a_path_nor_an_escape(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from separate_cli.cli.app import app

    monkeypatch.chdir(tmp_path)
    own_file(tmp_path, title="../../\x1b[2Jowned\u202e")
    shown = CliRunner().invoke(app, ["model", "show", "own-0.safetensors"])
    assert "owned" in shown.stdout
    assert shown.stdout.replace("\n", "").isprintable()
    done = CliRunner().invoke(app, ["model", "export", "own-0.safetensors", "--format", "torchscript"])
    assert done.stdout == "2Jowned.pt\n"
    assert {path.name for path in tmp_path.iterdir()} == {"own-0.safetensors", "2Jowned.pt"}


class Harm:
    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("harm"),))


def test_a_published_pickle_that_wants_to_run_code_is_refused(
    hugging_face: HuggingFace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    hugging_face.add("jane/m", {"pytorch_model.bin": pickle.dumps(Harm())})
    with pytest.raises((RefusedError, InputError)):
        load_model("jane/m")
    assert not (tmp_path / "harm").exists()


def test_weights_of_another_library_never_give_a_model(hugging_face: HuggingFace, tmp_path: Path) -> None:
    """A bare state dictionary, as most repositories hold: an error, never random weights."""
    import io

    import torch
    from safetensors.torch import save

    from servers.published import tiny_model

    state = tiny_model().state_dict()
    stream = io.BytesIO()
    torch.save(state, stream)
    hugging_face.add("jane/bare", {"pytorch_model.bin": stream.getvalue()})
    hugging_face.add("jane/tensors", {"model.safetensors": save(dict(state))})
    for name in ("jane/bare", "jane/tensors"):
        with pytest.raises(InputError):
            load_model(name)


def test_an_entry_of_the_cache_that_names_another_file_is_passed_over(zenodo: Zenodo, tmp_path: Path) -> None:
    number = zenodo.add("tiny", {"model.pth": CONTENT})
    folder = resolve(f"zenodo:{number}").path.parent
    (tmp_path / "other.pth").write_bytes(CONTENT)
    entry = folder / "entry.json"
    entry.write_text(entry.read_text().replace('"model.pth"', '"../../../other.pth"'))
    assert not held_models()
    assert resolve(f"zenodo:{number}").path == folder / "model.pth"


def test_a_slow_or_broken_line_ends_in_an_error_or_the_whole_file(
    zenodo: Zenodo, pauses: list[float], tmp_path: Path
) -> None:
    number = zenodo.add("tiny", {"model.pth": CONTENT})
    for kind in ("reset", "cut answer", "429", "500", "502", "503", "504", "slow"):
        for held in held_models():
            held.remove()
        zenodo.plan(Fault(1, kind), Fault(1, kind))
        assert resolve(f"zenodo:{number}").path.read_bytes() == CONTENT
