"""Public models on this computer: fetched once, checked against what their host states, usable without a network."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from separate_cli.errors import InputError, OutputError, RefusedError, RemoteError
from separate_cli.hub import load_model
from separate_cli.hub.model_cache import held_models, models_folder
from separate_cli.hub.references import resolve
from servers.hugging_face import STRANGER, TOKEN, HuggingFace
from servers.published import asteroid_file, own_file, tiny_model
from servers.serving import Server
from servers.zenodo import Zenodo

CONTENT = asteroid_file()


@pytest.fixture
def web() -> Iterator[Server]:
    with Server({"/models/tiny%20one.pth": CONTENT, "/models/tiny one.pth": CONTENT}) as server:
        yield server


def is_tiny_model(path: Path) -> bool:
    expected = tiny_model().state_dict()
    return all(torch.equal(value, expected[key]) for key, value in load_model(path).model.state_dict().items())


def test_a_name_of_asteroid_is_fetched_once_and_then_works_offline(
    zenodo: Zenodo, monkeypatch: pytest.MonkeyPatch
) -> None:
    zenodo.add("mpariente/ConvTasNet_WHAM!_sepclean", {"model.pth": CONTENT, "b.txt": b"b"}, number=3862942)
    first = resolve("mpariente/ConvTasNet_WHAM!_sepclean")
    assert is_tiny_model(first.path)
    assert (first.name, first.origin) == ("mpariente/ConvTasNet_WHAM!_sepclean", "zenodo:3862942/model.pth")
    asked = len(zenodo.log)
    monkeypatch.setenv("SEP_OFFLINE", "1")
    for again in ("mpariente/convtasnet_wham!_sepclean", "mpariente/ConvTasNet_WHAM!_sepclean"):
        assert resolve(again).path == first.path
    assert len(zenodo.log) == asked


def test_a_version_is_never_asked_for_again(zenodo: Zenodo) -> None:
    number = zenodo.add("tiny", {"model.pth": CONTENT})
    first = resolve(f"zenodo:{number}")
    asked = len(zenodo.log)
    assert resolve(f"zenodo:{number}") == first
    assert len(zenodo.log) == asked


def test_the_number_of_all_versions_means_the_newest(zenodo: Zenodo, tmp_path: Path) -> None:
    one = zenodo.add("tiny", {"model.pth": CONTENT})
    concept = zenodo.holdings.versions[one].concept
    assert resolve(f"10.5281/zenodo.{concept}").origin == f"zenodo:{one}/model.pth"
    two = zenodo.add("tiny", {"model.safetensors": own_file(tmp_path, seed=1)}, version_of=one)
    assert resolve(f"zenodo:{concept}").origin == f"zenodo:{two}/model.safetensors"
    assert resolve(f"zenodo:{one}").origin == f"zenodo:{one}/model.pth"


def test_what_moves_means_what_it_did_last_when_the_network_is_down(
    zenodo: Zenodo, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    number = zenodo.add("tiny", {"model.pth": CONTENT})
    concept = zenodo.holdings.versions[number].concept
    path = resolve(f"zenodo:{concept}").path
    monkeypatch.setenv("SEP_ZENODO_URL", "http://127.0.0.1:9")
    down = resolve(f"zenodo:{concept}")
    assert down.path == path
    assert "last time" in down.notice
    monkeypatch.setenv("SEP_OFFLINE", "1")
    assert resolve(f"zenodo:{concept}").notice == ""


def test_offline_what_is_not_here_is_refused_without_asking(zenodo: Zenodo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEP_OFFLINE", "1")
    for reference in ("zenodo:1", "user/repo", "https://host.org/a.pth"):
        with pytest.raises(RemoteError, match="SEP_OFFLINE") as error:
            resolve(reference)
        assert "sep model cache ls" in error.value.hint
    assert not zenodo.log


def test_a_repository_is_fetched_by_branch_tag_and_commit(hugging_face: HuggingFace, tmp_path: Path) -> None:
    repository = hugging_face.add("jane/m", {"pytorch_model.bin": CONTENT, "README.md": b"x"}, tag="v1.0")
    old = repository.at("main").oid
    at_tag = resolve("jane/m@v1.0")
    assert is_tiny_model(at_tag.path)
    assert at_tag.origin == f"hf:jane/m/pytorch_model.bin@{old}"
    hugging_face.add("jane/m", {"model.safetensors": own_file(tmp_path, seed=1)})
    assert resolve("hf:jane/m").path.suffix == ".safetensors"
    assert resolve(f"jane/m@{old}").path == at_tag.path
    assert resolve("hf:jane/m/pytorch_model.bin").path.suffix == ".bin"
    asked = len(hugging_face.requests)
    resolve(f"jane/m@{old}")
    assert len(hugging_face.requests) == asked


def test_private_repositories_need_the_token_and_it_stays_with_its_host(
    hugging_face: HuggingFace, monkeypatch: pytest.MonkeyPatch
) -> None:
    hugging_face.add("jane/secret", {"model.pth": CONTENT}, private=True)
    with pytest.raises(InputError, match="neither a file here nor a repository") as error:
        resolve("jane/secret")
    assert "hf auth login" in error.value.hint
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with pytest.raises(RemoteError, match="does not accept your token"):
        resolve("jane/secret")
    monkeypatch.setenv("HF_TOKEN", f" {TOKEN}\n")
    assert is_tiny_model(resolve("jane/secret").path)
    assert hugging_face.cdn.requests
    assert not [one for one in hugging_face.cdn.requests if one.headers.get("Authorization")]


def test_the_stored_login_is_used(hugging_face: HuggingFace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    (tmp_path / "token").write_text(TOKEN)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    hugging_face.add("jane/secret", {"model.pth": CONTENT}, private=True)
    assert is_tiny_model(resolve("jane/secret").path)


@pytest.mark.parametrize("token", [None, STRANGER])
def test_gated_repositories_say_where_to_ask(
    hugging_face: HuggingFace, monkeypatch: pytest.MonkeyPatch, token: str | None
) -> None:
    hugging_face.add("jane/gated", {"model.pth": CONTENT}, gated="manual")
    if token:
        monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(RefusedError, match="gated") as error:
        resolve("jane/gated")
    assert f"{hugging_face.url}/jane/gated" in error.value.hint
    assert ("hf auth login" in error.value.hint) == (token is None)


def test_a_gated_repository_opens_for_those_who_were_let_in(
    hugging_face: HuggingFace, monkeypatch: pytest.MonkeyPatch
) -> None:
    hugging_face.add("jane/gated", {"model.pth": CONTENT}, gated="manual").readers.add("john")
    monkeypatch.setenv("HF_TOKEN", STRANGER)
    assert is_tiny_model(resolve("jane/gated").path)


def test_the_missing_is_told_from_the_closed(hugging_face: HuggingFace, zenodo: Zenodo) -> None:
    hugging_face.add("jane/m", {"README.md": b"x"})
    for reference, says in (
        ("jane/m@v9", "no revision 'v9'"),
        ("jane/m", "holds no model"),
        ("hf:jane/m/a.pth", "no file 'a.pth'"),
        ("JorisCos/VADNet", "neither a file here"),
        ("zenodo:999", "does not exist"),
    ):
        with pytest.raises(InputError, match=says) as error:
            resolve(reference)
        assert error.value.hint
    number = zenodo.add("tiny", {"one.pth": CONTENT, "two.pth": CONTENT})
    with pytest.raises(InputError, match=r"several models: one.pth, two.pth") as error:
        resolve(f"zenodo:{number}")
    assert f"zenodo:{number}/NAME" in error.value.hint
    assert resolve(f"zenodo:{number}/two.pth").origin.endswith("two.pth")
    zenodo.holdings.versions[number].restricted = True
    with pytest.raises(RefusedError, match="not open"):
        resolve(f"zenodo:{number}/one.pth")


def test_busy_hosts_are_asked_again_when_they_say(hugging_face: HuggingFace, pauses: list[float]) -> None:
    hugging_face.add("jane/m", {"model.pth": CONTENT})
    path = "/api/models/jane/m/revision/main"
    hugging_face.fault(path, status=429, headers={"Retry-After": "7"})
    hugging_face.fault(path, status=503)
    digest = hashlib.sha256(CONTENT).hexdigest()
    hugging_face.cdn.fault(f"/large/{digest}", cut_after=20_000, times=2)
    assert is_tiny_model(resolve("jane/m").path)
    assert pauses[0] == 7
    ranges = [one.headers.get("Range") for one in hugging_face.cdn.requests]
    assert ranges[:1] == [None]
    assert all(ranges[1:])


def test_a_web_file_is_pinned_when_it_is_first_used(web: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"{web.url}/models/tiny%20one.pth"
    first = resolve(url)
    assert is_tiny_model(first.path)
    assert first.path.name == "tiny-one.pth"
    asked = len(web.requests)
    assert resolve(url).path == first.path
    assert len(web.requests) == asked
    for held in held_models():
        held.remove()
    other = asteroid_file(seed=1)
    web.files["/models/tiny one.pth"] = other
    with pytest.raises(RefusedError, match="not what it was when first used") as error:
        resolve(url)
    digest = hashlib.sha256(other).hexdigest()
    assert f"#sha256={digest}" in error.value.hint
    assert resolve(f"{url}#sha256={digest}").path.read_bytes() == other
    assert resolve(url).path.read_bytes() == other


def test_a_stated_checksum_is_held_against_the_web_file_and_the_old_one_stays(web: Server) -> None:
    url = f"{web.url}/models/tiny%20one.pth"
    path = resolve(f"{url}#sha256={hashlib.sha256(CONTENT).hexdigest()}").path
    with pytest.raises(RefusedError, match="not what #sha256 says"):
        resolve(f"{url}#sha256={'0' * 64}")
    assert path.read_bytes() == CONTENT


def test_a_page_in_place_of_a_model_is_not_remembered(web: Server) -> None:
    web.files["/m.pth"] = b"<html><title>Log in to the hotel's network</title></html>"
    for _ in range(2):
        with pytest.raises(RemoteError, match="sends no checkpoint"):
            resolve(f"{web.url}/m.pth")
    web.files["/m.pth"] = CONTENT
    assert is_tiny_model(resolve(f"{web.url}/m.pth").path)


def test_a_file_that_was_changed_here_is_fetched_again(zenodo: Zenodo) -> None:
    number = zenodo.add("tiny", {"model.pth": CONTENT})
    path = resolve(f"zenodo:{number}").path
    path.write_bytes(CONTENT[:-1] + b"?")
    assert resolve(f"zenodo:{number}").path.read_bytes() == CONTENT


def test_a_download_that_broke_off_goes_on(hugging_face: HuggingFace, pauses: list[float]) -> None:
    hugging_face.add("jane/m", {"model.pth": CONTENT})
    path = f"/large/{hashlib.sha256(CONTENT).hexdigest()}"
    hugging_face.cdn.fault(path, cut_after=8000)
    hugging_face.cdn.fault(path, times=None, status=503)
    with pytest.raises(RemoteError):
        resolve("jane/m")
    assert not held_models()
    hugging_face.cdn.fault(path, times=None)
    assert resolve("jane/m").path.read_bytes() == CONTENT
    assert hugging_face.cdn.requests[-1].headers["Range"] == "bytes=8000-"


def test_two_at_once_fetch_once(zenodo: Zenodo) -> None:
    number = zenodo.add("tiny", {"model.pth": CONTENT})
    with ThreadPoolExecutor(4) as pool:
        paths = set(pool.map(lambda _: resolve(f"zenodo:{number}").path, range(4)))
    assert len(paths) == 1
    assert len(zenodo.lines(f"GET /api/records/{number}/files")) == 1


def test_a_folder_that_cannot_be_written_is_the_users_to_mend(
    zenodo: Zenodo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = zenodo.add("tiny", {"model.pth": CONTENT})
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("SEP_CACHE", str(tmp_path / "file"))
    with pytest.raises(OutputError, match="Cannot write"):
        resolve(f"zenodo:{number}")


def test_a_cache_that_can_only_be_read_serves(zenodo: Zenodo, monkeypatch: pytest.MonkeyPatch) -> None:
    number = zenodo.add("tiny", {"model.pth": CONTENT})
    path = resolve(f"zenodo:{number}").path

    def refuse(path: Path, document: object) -> None:
        raise OutputError(f"Cannot write {path}: the file system is read-only.")

    monkeypatch.setattr("separate_cli.hub.model_cache.write_json", refuse)
    assert resolve(f"zenodo:{number}").path == path


def test_a_local_model_does_without_the_network() -> None:
    script = "import sys; from separate_cli.hub.references import resolve; resolve('demask'); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "separate_cli.hub.references" in done.stdout.split()
    assert not {"requests", "torch", "huggingface_hub"} & set(done.stdout.split())


def test_all_that_is_kept_is_in_one_folder(zenodo: Zenodo, tmp_path: Path) -> None:
    number = zenodo.add("tiny", {"model.pth": CONTENT})
    resolve(f"zenodo:{number}")
    assert models_folder() == tmp_path / "cache" / "models"
    assert {path.name for path in models_folder().rglob("*") if path.is_file()} == {
        "entry.json",
        "model.pth",
        *(path.name for path in models_folder().glob(".*.lock")),
    }
