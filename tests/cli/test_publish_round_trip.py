"""Train, score, publish, find, use by name, train and publish again: on both hubs, as a user does it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from separate_cli.hub.publishing.evaluated import find_evaluation, with_model
from servers.hugging_face import TOKEN as HF_TOKEN
from servers.hugging_face import HuggingFace
from servers.zenodo import TOKEN, Zenodo
from tiny_runs import run_recipe

Sep = Callable

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # within huggingface_hub


@pytest.fixture(autouse=True)
def _jane(monkeypatch: pytest.MonkeyPatch, zenodo: Zenodo, hugging_face: HuggingFace, pauses: list[float]) -> None:
    """Jane with her tokens; both hubs are there, whichever is used."""
    from huggingface_hub import constants

    for name, value in {"SEP_AUTHOR": "Doe, Jane", "ZENODO_TOKEN": TOKEN, "HF_TOKEN": HF_TOKEN}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "muffled.wav"
    soundfile.write(path, 0.1 * np.random.default_rng(5).standard_normal(8000), 16000)
    return path


def local_model(workspace: Path) -> Path:
    return with_model(find_evaluation(workspace), workspace).model


def samples(sep: Sep, model: str | Path, recording: Path, where: Path) -> bytes:
    done = sep("infer", model, recording, "-o", where)
    assert done.code == 0, done.stderr
    return Path(done.stdout.strip()).read_bytes()


@pytest.mark.parametrize("hub", ["zenodo", "hugging_face"])
def test_a_published_model_is_found_with_its_score_and_gives_the_same_samples(
    sep: Sep, evaluated_workspace: Path, speech_folder: Path, recording: Path, tmp_path: Path, hub: str
) -> None:
    where = {"zenodo": ["--zenodo"], "hugging_face": ["--hf", "jane/tiny-demask"]}[hub]

    def published(*more: str) -> dict[str, str]:
        done = sep("publish", *where, "--yes", "--json", *more)
        assert done.code == 0, done.stdout
        return done.document["result"]["published"]

    expected = samples(sep, local_model(evaluated_workspace), recording, tmp_path / "local")
    first = published()

    found = sep("search-hub", "demask", "--json").document["result"]["models"]
    (row,) = [one for one in found if one["hub"] == hub]
    score = find_evaluation(evaluated_workspace).scores["conditions"]["dry"]["si_sdr_imp"]["mean"]
    assert row["scores"]["si_sdr_imp"] == pytest.approx(score, rel=1e-3)
    assert (row["architecture"], row["task"], row["sample_rate"]) == ("DeMask", "demask", 16000)
    assert row["datasets"] == ["librispeech"] and row["commercial"] is True and "4.0" in row["licence"]
    assert row["reference"] in sep("search-hub", "--min-score", f"si_sdr_imp>={score - 0.01}", "--json").stdout
    assert (
        sep("infer", row["reference"], recording, "--require-licence", "commercial", "-o", tmp_path / "gate").code == 0
    )
    for number, name in enumerate((row["reference"], first["reference"], first["latest"])):
        assert samples(sep, name, recording, tmp_path / f"by-name-{number}") == expected

    run_recipe(evaluated_workspace, speech_folder, "train.seed=7")
    better = samples(sep, local_model(evaluated_workspace), recording, tmp_path / "local-2")
    assert better != expected
    second = published(*(["--new-version-of", first["reference"]] if hub == "zenodo" else []))
    assert second["latest"] == first["latest"] and second["reference"] != first["reference"]
    assert samples(sep, first["latest"], recording, tmp_path / "latest") == better
    assert samples(sep, first["reference"], recording, tmp_path / "first") == expected
