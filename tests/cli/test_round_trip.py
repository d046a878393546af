"""From a scored run to a published model and back: found with its score, the same samples, the newest by concept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from servers.hugging_face import TOKEN as HF_TOKEN
from servers.hugging_face import HuggingFace
from servers.zenodo import TOKEN, Zenodo

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # within huggingface_hub


@pytest.fixture
def scored(evaluated_workspace: Path, pauses: list[float], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with a scored run, a recording, and Jane at work in it."""
    from huggingface_hub import constants

    monkeypatch.setenv("SEP_AUTHOR", "Doe, Jane")
    monkeypatch.setenv("SEP_ZENODO_TOKEN", TOKEN)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    soundfile.write("in.wav", np.random.default_rng(0).uniform(-0.1, 0.1, 4000), 16000)
    return evaluated_workspace


def samples(sep, model: str | Path, output: str) -> tuple[list[str], str]:
    """Hashes of what a model makes of the recording, and where the model came from."""
    result = sep("infer", model, "in.wav", "-o", output, "--json").document["result"]
    return result["files"][0]["sha256"], result["model"]["origin"]


def local_model(workspace: Path) -> Path:
    (path,) = sorted((workspace / "exp" / "tiny" / "train").glob("*/model.safetensors"))
    return path


def test_zenodo_gives_back_what_was_published(sep, scored: Path, zenodo: Zenodo, hugging_face: HuggingFace) -> None:
    assert sep("publish", "--zenodo", "--yes", "--title", "tiny one").code == 0
    (record,) = zenodo.published
    (found,) = sep("search-hub", "tiny", "--commercial", "--json").document["result"]["models"]
    assert (found["reference"], found["task"], found["sample_rate"]) == (f"zenodo:{record.id}", "demask", 16000)
    assert sep("search-hub", "--min-score", f"si_sdr>={found['scores']['si_sdr'] - 0.01}").stdout.count("tiny one") == 1
    local, _ = samples(sep, local_model(scored), "local")
    assert samples(sep, found["reference"], "one") == (local, f"zenodo:{record.id}/model.safetensors")
    assert sep("infer", found["reference"], "in.wav", "-o", "one", "--require-licence", "commercial").code == 0

    again = ("publish", "--zenodo", "--yes", "--title", "tiny two", "--new-version-of", str(record.id))
    assert sep(*again).code == 0
    newest = max(one.id for one in zenodo.published)
    by_concept = samples(sep, f"10.5281/zenodo.{record.concept}", "two")
    assert by_concept == (local, f"zenodo:{newest}/model.safetensors")
    assert newest != record.id
    assert samples(sep, f"zenodo:{record.id}", "three")[1] == f"zenodo:{record.id}/model.safetensors"
    titles = [one["title"] for one in sep("search-hub", "--refresh", "--json").document["result"]["models"]]
    assert titles == ["tiny two"]


def test_hugging_face_gives_back_what_was_published(
    sep, scored: Path, zenodo: Zenodo, hugging_face: HuggingFace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", HF_TOKEN)
    assert sep("publish", "--hf", "jane/tiny", "--yes").code == 0
    first = hugging_face.head("jane/tiny").oid
    (found,) = sep("search-hub", "--architecture", "demask", "--json").document["result"]["models"]
    assert (found["reference"], found["commercial"], found["speakers"]) == ("jane/tiny", True, 1)
    assert set(found["scores"]) >= {"si_sdr", "si_sdr_imp", "lsd"}
    local, _ = samples(sep, local_model(scored), "local")
    assert samples(sep, "jane/tiny", "one") == (local, f"hf:jane/tiny/model.safetensors@{first}")

    assert sep("publish", "--hf", "jane/tiny", "--yes", "--title", "tiny two").code == 0
    second = hugging_face.head("jane/tiny").oid
    assert second != first
    assert samples(sep, "jane/tiny", "two") == (local, f"hf:jane/tiny/model.safetensors@{second}")
    assert samples(sep, f"jane/tiny@{first}", "three")[1] == f"hf:jane/tiny/model.safetensors@{first}"
