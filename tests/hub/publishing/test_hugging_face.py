"""Publishing on Hugging Face: one commit with everything, as often as the command is given."""

from __future__ import annotations

import itertools
import random
from pathlib import Path
from typing import Any

import pytest

from hub.publishing.conftest import write_files
from separate_cli.errors import RefusedError, RemoteError, SepError, UsageError
from separate_cli.hub.publishing.hugging_face import publish_on_hugging_face
from separate_cli.hub.publishing.publishable import PublishableFolder
from separate_cli.hub.publishing.published import Published
from separate_cli.hub.tokens import Token
from servers.hugging_face import READ_ONLY, STRANGER, TOKEN, HuggingFace

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # within huggingface_hub
REPO = "jane/tiny"


@pytest.fixture(autouse=True)
def _plain_uploads(monkeypatch: pytest.MonkeyPatch) -> None:
    """The protocol that the local server speaks, and nobody waits."""
    from huggingface_hub import constants
    from huggingface_hub.utils import _http

    from separate_cli.net import waiting

    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(waiting, "pause", lambda seconds: None)
    monkeypatch.setattr(_http.time, "sleep", lambda seconds: None)


def publish(folder: PublishableFolder, repo: str = REPO, token: str = TOKEN, **options: Any) -> Published:
    return publish_on_hugging_face(folder, repo, token=Token(token, "the test"), **options)


def on_disk(folder: PublishableFolder) -> dict[str, bytes]:
    return {one.name: one.path.read_bytes() for one in folder.files}


def on_hub(hugging_face: HuggingFace, repo: str = REPO) -> dict[str, bytes]:
    return {path: blob.content for path, blob in hugging_face.head(repo).files.items() if path != ".gitattributes"}


def test_a_folder_becomes_a_repository_in_one_commit(hugging_face: HuggingFace, folder: PublishableFolder) -> None:
    done = publish(folder)
    assert on_hub(hugging_face) == on_disk(folder)
    commit = hugging_face.head(REPO).oid
    assert done == Published(f"hf:{REPO}@{commit}", f"hf:{REPO}", f"{hugging_face.url}/{REPO}")
    assert len(hugging_face.asked(f"/api/models/{REPO}/commit/main", "POST")) == 1


def test_the_same_folder_is_not_sent_again(hugging_face: HuggingFace, folder: PublishableFolder) -> None:
    first = publish(folder)
    count = len([one for one in hugging_face.requests if one.method != "GET"])
    again = publish(folder)
    assert (again.already, again.reference) == (True, first.reference)
    assert len([one for one in hugging_face.requests if one.method != "GET"]) == count


def test_a_new_version_is_a_commit_that_takes_old_samples_away(
    hugging_face: HuggingFace, folder: PublishableFolder, tmp_path: Path
) -> None:
    publish(write_files(tmp_path / "first", **{"sample-0.wav": "beep", "sample-1.wav": "boop"}))
    hugging_face.add(REPO, {"notes.txt": b"of the user's own"})
    first = hugging_face.head(REPO).oid
    second = write_files(tmp_path / "second", version=2, **{"sample-1.wav": "better boop"})
    done = publish(second)
    assert on_hub(hugging_face) == {**on_disk(second), "notes.txt": b"of the user's own"}
    assert done.reference != f"hf:{REPO}@{first}" and not done.already


def test_a_private_repository_is_seen_by_its_owner_only(hugging_face: HuggingFace, folder: PublishableFolder) -> None:
    publish(folder, private=True)
    assert hugging_face.hub.repositories[REPO].private
    with pytest.raises(RefusedError):
        publish(folder, token=STRANGER)
    assert publish(folder, private=True).already


def test_a_public_repository_does_not_become_private_unnoticed(
    hugging_face: HuggingFace, folder: PublishableFolder
) -> None:
    publish(folder)
    assert publish(folder, private=True).warnings == ("The repository was there already, and is public.",)


def test_a_repository_with_something_else_is_left_alone(hugging_face: HuggingFace, folder: PublishableFolder) -> None:
    hugging_face.add(REPO, {"pytorch_model.bin": b"somebody's"})
    with pytest.raises(RefusedError, match=r"a model that sep did not publish \(pytorch_model\.bin\)"):
        publish(folder)
    assert on_hub(hugging_face) == {"pytorch_model.bin": b"somebody's"}


def test_an_empty_repository_or_one_with_a_page_is_used(hugging_face: HuggingFace, folder: PublishableFolder) -> None:
    hugging_face.add(REPO, {"README.md": b"# soon\n"})
    publish(folder)
    assert on_hub(hugging_face) == on_disk(folder)


@pytest.mark.parametrize(
    ("token", "repo", "message"),
    [
        ("hf_wrong", REPO, "does not know the access token"),
        (READ_ONLY, REPO, "may not write to jane/tiny"),
        (TOKEN, "john/tiny", "may not write to john/tiny"),
    ],
)
def test_who_may_not_write_is_told_so_at_once(
    hugging_face: HuggingFace, folder: PublishableFolder, token: str, repo: str, message: str
) -> None:
    with pytest.raises(RefusedError, match=message) as caught:
        publish(folder, repo=repo, token=token)
    assert token not in str(caught.value) + str(caught.value.__cause__) + caught.value.hint
    assert len(hugging_face.requests) < 8


def test_a_name_that_cannot_be_one_is_refused(hugging_face: HuggingFace, folder: PublishableFolder) -> None:
    with pytest.raises(UsageError, match="cannot be the name of a repository"):
        publish(folder, repo="jane/-- ..")


PATHS = [
    f"/api/models/{REPO}",
    "/api/repos/create",
    "/api/validate-yaml",
    f"/api/models/{REPO}/preupload/main",
    f"/{REPO}.git/info/lfs/objects/batch",
    f"/api/models/{REPO}/commit/main",
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "fault", [{"status": 503}, {"status": 500}, {"status": 429, "headers": {"Retry-After": "1"}}], ids=str
)
def test_faults_that_pass_are_outlasted(
    hugging_face: HuggingFace, folder: PublishableFolder, path: str, fault: dict[str, Any]
) -> None:
    hugging_face.fault(path, times=2, **fault)
    publish(folder)
    assert on_hub(hugging_face) == on_disk(folder)


def test_a_server_that_stays_away_leaves_nothing_half_done(
    hugging_face: HuggingFace, folder: PublishableFolder
) -> None:
    path = f"/api/models/{REPO}/commit/main"
    hugging_face.fault(path, times=None, status=503)
    said: list[str] = []
    with pytest.raises(RemoteError, match="answers 503"):
        publish(folder, tell=said.append)
    assert on_hub(hugging_face) == {} and said
    hugging_face.fault(path, times=None)
    assert not publish(folder).already
    assert on_hub(hugging_face) == on_disk(folder)


def test_a_file_that_arrives_damaged_is_sent_again(hugging_face: HuggingFace, folder: PublishableFolder) -> None:
    big = next(one for one in folder.files if one.name == "model.safetensors")
    hugging_face.cdn.fault(f"/upload/{big.sha256}", status=400, body=b"<Error><Code>BadDigest</Code></Error>")
    publish(folder)
    assert on_hub(hugging_face) == on_disk(folder)
    assert len(hugging_face.cdn.asked(f"/upload/{big.sha256}", "PUT")) == 2


def test_random_faults_end_in_one_commit(hugging_face: HuggingFace, tmp_path: Path) -> None:
    for trial in range(30):
        chance, repo = random.Random(trial), f"jane/trial{trial}"
        folder = write_files(tmp_path / f"{trial}", version=trial)
        for _ in range(chance.randint(1, 4)):
            path = chance.choice(PATHS).replace(REPO, repo)
            hugging_face.fault(path, times=chance.randint(1, 3), status=chance.choice([429, 500, 502, 503, 504]))
        for _ in range(6):
            try:
                publish(folder, repo=repo)
                break
            except RemoteError as error:
                assert error.hint
        assert on_hub(hugging_face, repo) == on_disk(folder)
        assert len(hugging_face.hub.repositories[repo].commits) == 2, "the first one is the hub's own"


class PowerCut(BaseException):
    """Nothing may catch this."""


def test_killed_before_or_after_each_step_the_same_command_ends_well(
    hugging_face: HuggingFace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import HfApi

    steps = ("model_info", "create_repo", "create_commit", "preupload_lfs_files")
    kills = 0
    for number, (name, after) in enumerate(itertools.product(steps, (False, True))):
        folder, repo = write_files(tmp_path / f"{number}", version=number), f"jane/tiny{number}"
        real = getattr(HfApi, name)

        def dying(self: HfApi, *arguments: Any, real: Any = real, after: bool = after, **options: Any) -> Any:
            if after:
                real(self, *arguments, **options)
            raise PowerCut

        with monkeypatch.context() as patched:
            patched.setattr(HfApi, name, dying)
            try:
                publish(folder, repo=repo)
            except (PowerCut, SepError):
                kills += 1
        done = publish(folder, repo=repo)
        assert on_hub(hugging_face, repo) == on_disk(folder)
        assert done.reference.endswith(hugging_face.head(repo).oid)
        commits = len(hugging_face.hub.repositories[repo].commits)
        assert commits == 2, "the first one is the hub's own"
    assert kills == len(steps) * 2


def test_a_line_that_breaks_is_tried_again(
    hugging_face: HuggingFace, folder: PublishableFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    import httpx2
    from huggingface_hub import HfApi

    real, calls = HfApi.create_commit, []

    def breaking(self: HfApi, *arguments: Any, **options: Any) -> Any:
        calls.append(real(self, *arguments, **options))
        if len(calls) == 1:
            raise httpx2.ReadError("connection reset")
        return calls[-1]

    monkeypatch.setattr(HfApi, "create_commit", breaking)
    done = publish(folder)
    assert done.already and len(calls) == 1, "it was done though the answer was lost"


def test_without_a_network_nothing_is_tried(
    hugging_face: HuggingFace, folder: PublishableFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEP_OFFLINE", "1")
    with pytest.raises(RemoteError, match="SEP_OFFLINE"):
        publish(folder)
    assert hugging_face.requests == []
