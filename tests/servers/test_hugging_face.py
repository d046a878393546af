"""The pretended Hugging Face behaves as the real one does, as far as ``huggingface_hub`` can tell."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, HfApi, constants, hf_hub_download
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from servers.hugging_face import READ_ONLY, STRANGER, TOKEN, HuggingFace

CARD = b"""---
tags: [asteroid, audio]
datasets: [Libri2Mix]
license: cc-by-sa-4.0
library_name: asteroid
---
A model.
"""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[HuggingFace]:
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_PROGRESS_BARS", True)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", "nowhere")
    with HuggingFace(page=2) as server:
        yield server


def api(hub: HuggingFace, token: str | bool = False) -> HfApi:
    return HfApi(endpoint=hub.url, token=token)


def test_lists_have_pages_and_filters(hub: HuggingFace) -> None:
    for number in range(5):
        hub.add(f"jane/m{number}", {"README.md": CARD})
    hub.add("jane/other", {"README.md": b"no front matter"})
    found = list(api(hub).list_models(filter=["asteroid"], full=True, cardData=True))
    assert [one.id for one in found] == [f"jane/m{number}" for number in range(5)]
    assert found[0].tags == ["asteroid", "audio", "dataset:Libri2Mix", "license:cc-by-sa-4.0", "region:us"]
    assert found[0].card_data.license == "cc-by-sa-4.0"
    assert len(hub.asked("/api/models")) == 3


def test_files_come_from_another_host_with_their_hashes(hub: HuggingFace, tmp_path: Path) -> None:
    content = bytes(range(256)) * 100
    hub.add("jane/m", {"model.safetensors": content, "README.md": CARD}, private=True, tag="v1")
    rows = {one.rfilename: one for one in api(hub, TOKEN).model_info("jane/m", files_metadata=True).siblings}
    assert rows["model.safetensors"].lfs.sha256 == hashlib.sha256(content).hexdigest()
    assert rows["README.md"].blob_id == hashlib.sha1(b"blob %d\0%b" % (len(CARD), CARD)).hexdigest()
    for name, expected in (("model.safetensors", content), ("README.md", CARD)):
        path = hf_hub_download(
            "jane/m", name, revision="v1", token=TOKEN, endpoint=hub.url, cache_dir=tmp_path, etag_timeout=5
        )
        assert Path(path).read_bytes() == expected
    assert hub.cdn.requests
    assert not [one for one in hub.cdn.requests if one.headers.get("Authorization")]


@pytest.mark.parametrize(
    ("token", "name", "revision", "error"),
    [
        (STRANGER, "jane/none", None, RepositoryNotFoundError),
        (STRANGER, "jane/secret", None, RepositoryNotFoundError),
        (False, "jane/secret", None, HfHubHTTPError),
        (STRANGER, "jane/gated", None, GatedRepoError),
        (False, "jane/gated", None, GatedRepoError),
        (TOKEN, "jane/gated", "v9", RevisionNotFoundError),
        (TOKEN, "jane/gated", None, EntryNotFoundError),
        ("hf_wrong", "jane/gated", None, HfHubHTTPError),
    ],
)
def test_refusals_have_the_codes_that_the_library_knows(
    hub: HuggingFace, tmp_path: Path, token: str | bool, name: str, revision: str | None, error: type[Exception]
) -> None:
    hub.add("jane/secret", {"a.txt": b"a"}, private=True)
    hub.add("jane/gated", {"a.txt": b"a"}, gated="manual")
    file = "b.txt" if error is EntryNotFoundError else "a.txt"
    with pytest.raises(error):
        hf_hub_download(name, file, revision=revision, token=token, endpoint=hub.url, cache_dir=tmp_path)


@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # the library's own
def test_a_folder_is_uploaded_committed_and_served(hub: HuggingFace, tmp_path: Path) -> None:
    (tmp_path / "up").mkdir()
    (tmp_path / "up" / "README.md").write_bytes(CARD)
    (tmp_path / "up" / "model.safetensors").write_bytes(b"weights" * 1000)
    jane = api(hub, TOKEN)
    assert jane.whoami()["name"] == "jane"
    made = jane.create_repo("jane/new", private=True)
    assert made.repo_id == "jane/new"
    assert jane.create_repo("jane/new", exist_ok=True).repo_id == "jane/new"
    done = jane.upload_folder(repo_id="jane/new", folder_path=tmp_path / "up", commit_message="First")
    assert done.oid == hub.head("jane/new").oid
    assert hub.head("jane/new").files["model.safetensors"].content == b"weights" * 1000
    again = jane.upload_folder(repo_id="jane/new", folder_path=tmp_path / "up")
    assert again.oid == done.oid
    assert len([one for one in hub.cdn.requests if one.method == "PUT"]) == 1
    jane.create_tag("jane/new", tag="v1")
    assert jane.model_info("jane/new", revision="v1").sha == done.oid
    assert set(jane.list_repo_files("jane/new")) == {".gitattributes", "README.md", "model.safetensors"}
    jane.delete_repo("jane/new")
    assert "jane/new" not in hub.hub.repositories


def test_uploads_without_the_right_are_refused(hub: HuggingFace) -> None:
    hub.add("jane/m", {"README.md": CARD})
    operations = [CommitOperationAdd("a.txt", b"a")]
    for token in (STRANGER, READ_ONLY, "hf_wrong"):
        with pytest.raises(HfHubHTTPError):
            api(hub, token).create_commit("jane/m", operations, commit_message="x")
    with pytest.raises(HfHubHTTPError):
        api(hub, TOKEN).create_repo("john/mine")
    assert list(hub.head("jane/m").files) == [".gitattributes", "README.md"]


def test_a_stale_parent_commit_is_refused(hub: HuggingFace) -> None:
    repository = hub.add("jane/m", {"README.md": CARD})
    before = repository.commits[0].oid
    with pytest.raises(HfHubHTTPError, match="412"):
        api(hub, TOKEN).create_commit(
            "jane/m", [CommitOperationAdd("a.txt", b"a")], commit_message="x", parent_commit=before
        )


def test_a_card_with_a_nameless_model_index_is_refused(hub: HuggingFace) -> None:
    hub.add("jane/m", {})
    card = b"---\nmodel-index:\n- results: []\n---\n"
    with pytest.raises(ValueError, match="name"):
        api(hub, TOKEN).create_commit("jane/m", [CommitOperationAdd("README.md", card)], commit_message="x")
