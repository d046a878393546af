"""``sep model cache`` and what else the command line does with published models."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from separate_cli.hub.model_cache import held_models, models_folder
from separate_cli.hub.references import resolve
from servers.hugging_face import HuggingFace
from servers.published import asteroid_file, own_file
from servers.zenodo import Zenodo


@pytest.fixture
def two(zenodo: Zenodo, hugging_face: HuggingFace) -> list[str]:
    """Two downloaded models; the first was last used 100 days ago. Beside them a download that never ended."""
    number = zenodo.add("a model", {"model.pth": asteroid_file()}, license="cc-by-sa-3.0")
    hugging_face.add("jane/m", {"pytorch_model.bin": asteroid_file(seed=1)})
    paths = [resolve(f"zenodo:{number}").path, resolve("jane/m").path]
    long_ago = time.time() - 100 * 24 * 3600
    broken = models_folder() / "broken-1"
    broken.mkdir()
    for path in (paths[0].parent / "entry.json", broken):
        os.utime(path, (long_ago, long_ago))
    return [f"zenodo:{number}/model.pth", f"hf:jane/m/pytorch_model.bin@{hugging_face.head('jane/m').oid}"]


def test_the_list_names_all_that_is_kept(sep, two: list[str]) -> None:
    lines = [line.split("\t") for line in sep("model", "cache", "ls").stdout.splitlines()[1:]]
    assert [line[0] for line in lines] == two[::-1]
    assert lines[0][3] == "hf:jane/m"
    document = sep("model", "cache", "ls", "--json").document
    assert document["command"] == "model cache ls"
    assert [len(one["sha256"]) for one in document["result"]["models"]] == [64, 64]


def test_prune_removes_what_was_not_used_for_long(sep, two: list[str]) -> None:
    assert sep("model", "cache", "prune", "--dry-run").stdout == two[0] + "\n"
    assert len(held_models()) == 2
    found = sep("model", "cache", "prune")
    assert (found.code, found.stdout) == (0, two[0] + "\n")
    assert [one.entry.origin for one in held_models()] == two[1:]
    assert not (models_folder() / "broken-1").exists()
    assert sep("model", "cache", "prune").stdout == ""


def test_use_keeps_a_model(sep, two: list[str]) -> None:
    resolve(two[0])
    assert sep("model", "cache", "prune").stdout == ""


def test_clear_removes_all_models_and_nothing_else(sep, two: list[str], tmp_path: Path) -> None:
    other = tmp_path / "cache" / "archives" / "corpus.tar"
    other.parent.mkdir()
    other.write_bytes(b"x")
    assert sorted(sep("model", "cache", "clear").stdout.splitlines()) == sorted(two)
    assert not held_models()
    assert other.exists()
    assert "No downloaded models" in sep("model", "cache", "ls").stderr


def test_a_published_model_is_shown_with_its_origin(sep, two: list[str]) -> None:
    shown = sep("model", "show", two[0], "--json").document["result"]
    assert shown["origin"] == two[0]
    assert shown["licence"] == "CC BY-SA 3.0"
    assert "checked" in sep("model", "check", two[0], "--json").stdout


@pytest.fixture
def noise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    soundfile.write("noise.wav", np.random.default_rng(0).uniform(-0.1, 0.1, 4000), 16000)
    return tmp_path


def test_infer_by_public_name_gives_the_samples_of_the_local_file(sep, hugging_face: HuggingFace, noise: Path) -> None:
    content = asteroid_file()
    (noise / "local.pth").write_bytes(content)
    hugging_face.add("jane/m", {"pytorch_model.bin": content})
    published = sep("infer", "jane/m", "noise.wav", "-o", "a", "--json").document["result"]
    local = sep("infer", "local.pth", "noise.wav", "-o", "b", "--json").document["result"]
    assert published["files"][0]["sha256"] == local["files"][0]["sha256"]
    assert published["model"]["name"] == "jane/m"
    assert published["model"]["origin"].startswith("hf:jane/m/pytorch_model.bin@")


def test_infer_says_when_an_older_copy_is_used(
    sep, hugging_face: HuggingFace, noise: Path, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    hugging_face.add("jane/m", {"model.pth": asteroid_file()})
    assert sep("infer", "jane/m", "noise.wav").code == 0
    hugging_face.fault("/api/models/jane/m/revision/main", times=None, status=500)
    found = sep("infer", "jane/m", "noise.wav")
    assert (found.code, found.stdout) == (0, "noise_enhanced.wav\n")
    assert "warning:" in found.stderr
    assert "last time" in found.stderr


@pytest.mark.parametrize("option", ["--require-licence", "--require-license"])
def test_the_licence_gate_refuses_what_forbids_commercial_use_and_says_why(
    sep, hugging_face: HuggingFace, noise: Path, option: str
) -> None:
    hugging_face.add("jane/old", {"model.pth": asteroid_file()})
    hugging_face.add("jane/own", {"model.safetensors": own_file(noise, noise="CC0")})
    refused = sep("infer", "jane/old", "noise.wav", option, "commercial")
    assert (refused.code, refused.stdout) == (5, "")
    assert "WHAM noise (CC BY-NC 4.0) is not for commercial use" in refused.stderr
    assert "LibriSpeech" not in refused.stderr
    assert "sep search-hub --commercial" in refused.stderr
    assert not (noise / "noise_enhanced.wav").exists()
    assert sep("infer", "jane/own", "noise.wav", option, "commercial").code == 0
    assert sep("infer", "demask", "noise.wav", option, "commercial", "-o", "x").code == 0


def test_the_licence_gate_refuses_what_does_not_say(sep, noise: Path) -> None:
    (noise / "old.pth").write_bytes(asteroid_file(licenses=[], infos={}))
    refused = sep("infer", "old.pth", "noise.wav", "--require-licence", "commercial")
    assert refused.code == 5
    assert "does not say what it was trained on" in refused.stderr
