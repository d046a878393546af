"""``sep publish``: what is shown, asked, sent and told; and that the token stays secret."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from servers.hugging_face import TOKEN as HF_TOKEN
from servers.hugging_face import HuggingFace
from servers.zenodo import COMMUNITY, TOKEN, WRITE_ONLY, Fault, Zenodo

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # within huggingface_hub

Publish = Callable[..., Any]


@pytest.fixture(autouse=True)
def _jane(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jane works here; her tokens are set; uploads to Hugging Face use the protocol of the local server."""
    from huggingface_hub import constants

    from separate_cli.net import waiting

    monkeypatch.setenv("SEP_AUTHOR", "Doe, Jane")
    monkeypatch.setenv("ZENODO_TOKEN", TOKEN)
    for name in ("SEP_ZENODO_TOKEN", "ZENODO_SANDBOX_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(waiting, "pause", lambda seconds: None)


@pytest.fixture
def publish(evaluated_workspace: Path, pauses: list[float]) -> Publish:
    """``sep publish`` with what is typed."""
    from separate_cli.cli.app import app

    def run(*arguments: str, typed: str = "") -> Any:
        return CliRunner().invoke(app, ["publish", *arguments], input=typed, catch_exceptions=False)

    return run


def written(workspace: Path) -> Iterator[tuple[Path, bytes]]:
    for path in workspace.rglob("*"):
        if path.is_file():
            yield path, path.read_bytes()


def test_a_dry_run_writes_the_folder_and_sends_nothing(
    publish: Publish, evaluated_workspace: Path, zenodo: Zenodo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ZENODO_TOKEN")
    done = publish("--zenodo", "--dry-run")
    assert done.exit_code == 0
    assert done.stdout.strip() == str(evaluated_workspace / "publish" / "tiny" / "zenodo")
    assert done.stderr.startswith("Run: tiny, evaluated ")
    for part in (
        "Licence: CC BY 4.0",
        "Scores of the test part, ",
        "asks that its authors be named",
        "si_sdr_imp: ",
        "model.safetensors",
        "Doe, Jane",
    ):
        assert part in done.stderr
    assert (evaluated_workspace / "publish" / "tiny" / "zenodo" / "README.md").is_file()
    assert zenodo.log == []


@pytest.mark.parametrize("typed", ["n\n", "\n", ""])
def test_without_a_yes_nothing_is_sent(publish: Publish, zenodo: Zenodo, typed: str) -> None:
    done = publish("tiny", "--zenodo", typed=typed)
    assert done.exit_code == 2
    assert "Publish it on Zenodo, for good, offered to asteroid-models? [y/N]" in done.stderr
    assert "Nothing was published: not confirmed." in done.stderr
    assert zenodo.log == []


def test_after_a_yes_it_is_published_and_told(publish: Publish, zenodo: Zenodo) -> None:
    done = publish("--zenodo", typed="y\n")
    (version,) = zenodo.published
    assert done.exit_code == 0 and done.stdout.split()[-1] == f"zenodo:{version.id}"
    assert f"DOI: 10.5281/zenodo.{version.id}" in done.stderr
    assert f"zenodo:{version.concept} is always the newest version" in done.stderr
    assert version.communities == [COMMUNITY] and "warning" not in done.stderr
    again = publish("--zenodo", "--yes")
    assert again.exit_code == 0 and "It was published before; nothing was sent." in again.stderr
    assert len(zenodo.published) == 1


def test_a_community_that_did_not_take_it_is_a_warning(publish: Publish, zenodo: Zenodo) -> None:
    done = publish("--zenodo", "--yes", "--community", "no-such", "--community", COMMUNITY, "--json")
    document = json.loads(done.stdout)
    assert document["result"]["published"]["communities"] == [COMMUNITY]
    assert document["result"]["published"]["pending"] == ["no-such"]
    assert "The community no-such has not taken it" in document["warnings"][0]
    assert zenodo.published[0].communities == [COMMUNITY]


def test_the_json_document_says_all(publish: Publish, zenodo: Zenodo) -> None:
    refused = publish("--zenodo", "--json")
    assert refused.exit_code == 2 and json.loads(refused.stdout)["result"]["published"] is None
    result = json.loads(publish("--zenodo", "--yes", "--json").stdout)["result"]
    assert (result["run"], result["hub"], result["dry_run"]) == ("tiny", "zenodo", False)
    assert result["licence"]["id"] == "CC-BY-4.0"
    assert {one["name"] for one in result["files"]} >= {"model.safetensors", "README.md", "publication.json"}
    assert result["published"]["reference"] == f"zenodo:{zenodo.published[0].id}"


def test_the_sandbox_has_its_own_token_and_folder(
    publish: Publish, evaluated_workspace: Path, zenodo: Zenodo, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = publish("--sandbox", "--yes")
    assert refused.exit_code == 2 and "no access token for sandbox.zenodo.org" in refused.stderr
    monkeypatch.setenv("ZENODO_SANDBOX_TOKEN", TOKEN)
    done = publish("--zenodo", "--sandbox", typed="y\n")
    assert done.exit_code == 0 and "Publish it in Zenodo's sandbox?" in done.stderr
    assert done.stdout.split()[-1] == f"zenodo-sandbox:{zenodo.published[0].id}"
    assert (evaluated_workspace / "publish" / "tiny" / "zenodo-sandbox").is_dir()


def test_a_new_version_is_asked_for_by_any_name_of_the_record(publish: Publish, zenodo: Zenodo) -> None:
    first = publish("--zenodo", "--yes").stdout.strip()
    number = zenodo.published[0].id
    for title, name in (("b", str(number)), ("c", first), ("d", f"10.5281/zenodo.{number}")):
        done = publish("--zenodo", "--yes", "--title", title * 3, "--new-version-of", name)
        assert done.exit_code == 0, done.stderr
    assert [one.index for one in zenodo.published] == [0, 1, 2, 3]
    assert len({one.concept for one in zenodo.published}) == 1
    other = publish("--zenodo", "--yes", "--new-version-of", "hf:jane/tiny")
    assert other.exit_code == 2 and "is no record on Zenodo" in other.stderr


def test_an_interrupted_upload_goes_on_with_the_same_command_or_by_number(publish: Publish, zenodo: Zenodo) -> None:
    zenodo.plan(*[Fault(at, "503", match="PUT /api/files/") for at in range(2, 30)])
    failed = publish("--zenodo", "--yes")
    (draft,) = zenodo.drafts
    assert failed.exit_code == 4 and f"the draft {draft.id} is kept" in failed.stderr
    zenodo.plan()
    done = publish("--zenodo", "--yes", "--resume", str(draft.id))
    assert done.exit_code == 0 and f"Going on with the draft {draft.id}." in done.stderr
    assert [one.id for one in zenodo.published] == [draft.id] and zenodo.drafts == []


def test_hugging_face_gets_the_same_folder(
    publish: Publish, hugging_face: HuggingFace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", HF_TOKEN)
    done = publish("--hf", "jane/tiny", "--private", typed="y\n")
    assert done.exit_code == 0, done.stderr
    assert "Publish it as jane/tiny on Hugging Face, privately?" in done.stderr
    assert done.stdout.split()[-1] == f"hf:jane/tiny@{hugging_face.head('jane/tiny').oid}"
    assert hugging_face.hub.repositories["jane/tiny"].private
    card = hugging_face.head("jane/tiny").files["README.md"].content.decode()
    assert "sep infer jane/tiny recording.wav" in card


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "Where to?"),
        (["--zenodo", "--hf", "a/b"], 2, "Expected one place to publish."),
        (["--hf", "no-slash"], 2, "--hf: String should match pattern"),
        (["--hf", "a/b", "--sandbox"], 2, "Expected one place"),
        (["--hf", "a/b", "--resume", "7"], 2, "resume: not on Hugging Face"),
        (["--zenodo", "--private"], 2, "private: not on Zenodo"),
        (["--zenodo", "--resume", "7", "--new-version-of", "6"], 2, "got both"),
        (["--zenodo", "--licence", "CC BYE"], 2, "There is no licence 'CC BYE'"),
        (["--zenodo", "--licence", "CC0"], 5, "cannot carry CC0 1.0"),
        (["nothing", "--zenodo"], 2, "There is no run 'nothing'"),
        (["--zenodo", "--author", "<b>"], 2, "names no author"),
    ],
)
def test_what_cannot_be_is_refused_in_two_lines(
    publish: Publish, zenodo: Zenodo, arguments: list[str], code: int, message: str
) -> None:
    done = publish(*arguments, "--yes")
    assert (done.exit_code, zenodo.log) == (code, [])
    lines = [line for line in done.stderr.splitlines() if line.startswith(("error:", "hint:"))]
    assert message in lines[0] and len(lines) == 2
    assert "Traceback" not in done.stderr


def test_an_author_is_needed_from_somewhere(
    publish: Publish, zenodo: Zenodo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("SEP_AUTHOR")
    monkeypatch.setenv("PATH", str(tmp_path))
    refused = publish("--zenodo", "--yes")
    assert refused.exit_code == 2 and "Nobody is named as author." in refused.stderr
    done = publish("--zenodo", "--yes", "--author", "Doe, Jane (Lab)", "--author", "Roe, Richard")
    assert done.exit_code == 0
    assert zenodo.published[0].metadata["creators"] == [
        {"name": "Doe, Jane", "affiliation": "Lab"},
        {"name": "Roe, Richard"},
    ]


def test_two_processes_do_not_publish_the_same_run(publish: Publish, evaluated_workspace: Path, zenodo: Zenodo) -> None:
    from separate_cli.pipeline.lock import hold

    with hold(evaluated_workspace / "publish" / "tiny" / ".lock"):
        busy = publish("--zenodo", "--yes")
    assert busy.exit_code == 3 and zenodo.log == []


FAILURES = [
    ("GET /api/deposit", "500"),
    ("POST /api/deposit/depositions", "503"),
    ("PUT /api/files", "504"),
    ("PUT /api/files", "reset"),
    ("POST /api/deposit/depositions/", "502"),
    ("GET /api/records", "500"),
]


@pytest.mark.parametrize(("where", "kind"), FAILURES)
def test_the_token_is_seen_by_the_server_in_its_header_and_nowhere_else(
    publish: Publish, evaluated_workspace: Path, zenodo: Zenodo, tmp_path: Path, where: str, kind: Any
) -> None:
    zenodo.plan(*[Fault(at, kind, match=where) for at in range(1, 40)])
    done = publish("--zenodo", "--yes", "--debug", "--verbose")
    assert done.exit_code == 4 or where == "GET /api/records"
    assert TOKEN not in done.stdout + done.stderr
    assert ("Traceback" in done.stderr) == (done.exit_code == 4)
    for path, content in written(tmp_path):
        assert TOKEN.encode() not in content, path
    assert any(seen.headers.get("authorization") == f"Bearer {TOKEN}" for seen in zenodo.log)
    for seen in zenodo.log:
        rest = {name: value for name, value in seen.headers.items() if name != "authorization"}
        assert TOKEN not in f"{seen.line} {rest}"


def test_refusals_do_not_show_the_token_either(
    publish: Publish, zenodo: Zenodo, hugging_face: HuggingFace, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = {"ZENODO_TOKEN": (WRITE_ONLY, ["--zenodo"], 5), "HF_TOKEN": ("hf_secret_9d", ["--hf", "jane/x"], 5)}
    for variable, (secret, arguments, code) in secrets.items():
        monkeypatch.setenv(variable, secret)
        done = publish(*arguments, "--yes", "--debug")
        assert done.exit_code == code and "Traceback" in done.stderr
        assert secret not in done.stdout + done.stderr
    monkeypatch.setenv("ZENODO_TOKEN", "two words")
    odd = publish("--zenodo", "--yes", "--debug")
    assert odd.exit_code == 2 and "two words" not in odd.stderr


def test_even_a_trace_with_all_local_variables_does_not_show_it(
    evaluated_workspace: Path, zenodo: Zenodo, pauses: list[float]
) -> None:
    from separate_cli.errors import RemoteError
    from separate_cli.hub.tokens import ZENODO, find_token
    from separate_cli.specs.publish import PublishSpec
    from separate_cli.stages.publish import prepare, publish

    prepared = prepare(PublishSpec(hub="zenodo"), evaluated_workspace)
    zenodo.plan(*[Fault(at, "500") for at in range(1, 40)])
    with pytest.raises(RemoteError) as caught:
        publish(prepared, find_token(ZENODO))
    trace = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    frames = [one for one in trace.stack if "separate_cli" in one.filename]
    assert len(frames) > 4
    assert TOKEN not in "".join(str(one.locals) for one in frames)
