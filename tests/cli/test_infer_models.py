"""``sep infer`` runs a model of every class: named files, the channels, the samples that the model gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from separate_cli import XUMX
from separate_cli.hub import save_checkpoint
from separate_cli.models import Separator
from tiny_models import TINY, build, wave


def expected_names(model: Separator) -> list[str]:
    if model.source_names:
        return [f"talk_{name}.wav" for name in model.source_names]
    alike = [f"talk_est{number}.wav" for number in range(1, model.n_sources + 1)]
    return alike if model.n_sources > 1 else ["talk_enhanced.wav"]


def prepared(name: str, folder: Path) -> tuple[Separator, np.ndarray, Path]:
    """A model, a recording of a quarter of a second in its channels as written to ``talk.wav``, and its checkpoint."""
    model = build(name)
    wav = 0.1 * wave(model, 1, int(model.sample_rate // 4)).numpy()
    soundfile.write(folder / "talk.wav", wav[0].T, int(model.sample_rate), subtype="FLOAT")
    checkpoint = folder / "model.safetensors"
    save_checkpoint(model, checkpoint)
    return model, wav, checkpoint


@pytest.mark.parametrize("name", [name for name in TINY if name != "LookingToListen"])
def test_every_model_separates_a_file(sep, name: str, tmp_path: Path) -> None:
    model, wav, checkpoint = prepared(name, tmp_path)
    done = sep("infer", checkpoint, tmp_path / "talk.wav", "-o", tmp_path / "out", "--json")
    assert done.code == 0, done.document
    names = [Path(path).name for path in done.document["result"]["files"][0]["outputs"]]
    assert names == expected_names(model)
    expected = model.separate(wav)[0].reshape(model.n_sources, -1, wav.shape[-1])
    for source, path in zip(expected, names, strict=True):
        found, rate = soundfile.read(tmp_path / "out" / path, dtype="float32", always_2d=True)
        assert rate == model.sample_rate
        assert found.shape == (wav.shape[-1], 2 if isinstance(model, XUMX) else 1)
        np.testing.assert_allclose(found.T, source, atol=1e-5)


@pytest.mark.parametrize("channels", [1, 3])
def test_microphone_arrays_of_any_size_go_in_together(sep, channels: int, tmp_path: Path) -> None:
    model, wav, checkpoint = prepared("FasNetTAC", tmp_path)
    wav = np.repeat(wav[:, :1], channels, 1) * np.linspace(1, 0.5, channels, dtype=np.float32)[:, None]
    soundfile.write(tmp_path / "array.wav", wav[0].T, int(model.sample_rate), subtype="FLOAT")
    assert sep("infer", checkpoint, tmp_path / "array.wav").code == 0
    for number, source in enumerate(model.separate(wav)[0], 1):
        found, _ = soundfile.read(tmp_path / f"array_est{number}.wav", dtype="float32")
        np.testing.assert_allclose(found, source, atol=1e-5)


def test_a_model_that_needs_faces_says_so(sep, tmp_path: Path) -> None:
    _, _, checkpoint = prepared("LookingToListen", tmp_path)
    refused = sep("infer", checkpoint, tmp_path / "talk.wav")
    assert refused.code != 0
    assert "faces" in refused.stderr
    assert "from Python" in refused.stderr
    assert not list(tmp_path.glob("talk_*"))


def test_an_array_of_microphones_is_asked_for(sep, tmp_path: Path) -> None:
    model, wav, checkpoint = prepared("CaCGMM", tmp_path)
    soundfile.write(tmp_path / "mono.wav", wav[0, 0], int(model.sample_rate))
    refused = sep("infer", checkpoint, tmp_path / "mono.wav")
    assert refused.code != 0
    assert "needs 2 microphones or more, the recording has 1" in refused.stderr
    assert "Traceback" not in refused.stderr
