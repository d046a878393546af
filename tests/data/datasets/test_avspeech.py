"""AVSpeech: spectrograms of voices and mixture, faces of the right part."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from separate_cli.data import AVSpeechDataset
from separate_cli.errors import InputError


@pytest.fixture
def examples(tmp_path: Path) -> AVSpeechDataset:
    rng = np.random.default_rng(0)
    names = ["a.wav", "b_part2.wav", "mix.wav"]
    for name in names:
        soundfile.write(tmp_path / name, 0.1 * rng.standard_normal(8000), 16000)
    (tmp_path / "faces").mkdir()
    for name, value in (("a_part0", 1.0), ("b_part2", 2.0), ("b_part0", 3.0)):
        np.save(tmp_path / "faces" / f"{name}.npy", np.full((75, 8), value, np.float32))
    row = [str(tmp_path / name) for name in ("a.mp4", "a.wav", "b.mp4", "b_part2.wav", "mix.wav")]
    header = "video_1,audio_1,video_2,audio_2,mixed_audio"
    (tmp_path / "list.csv").write_text(f"{header}\n{','.join(row)}\n", encoding="utf-8")
    return AVSpeechDataset(tmp_path / "list.csv", tmp_path / "faces")


def test_faces_belong_to_the_part_that_is_heard(examples: AVSpeechDataset) -> None:
    spectrograms, faces, mixture = examples[0]
    assert [face[0, 0].item() for face in faces] == [1, 2]
    assert len(examples) == 1 and spectrograms.shape == (2, *mixture.shape) and mixture.shape[0] == 2 * 257


def test_decoding_undoes_encoding_but_for_the_window(examples: AVSpeechDataset, tmp_path: Path) -> None:
    wave = soundfile.read(tmp_path / "mix.wav", dtype="float32")[0]
    spectrum = examples.encode(wave)
    assert torch.equal(spectrum, examples[0][2])
    decoded = examples.decode(spectrum.numpy(), final_len=8000)
    assert (
        np.corrcoef(decoded[400:-400], wave[400:-400])[0, 1] > 0.999
    )  # windows 10 ms apart do not add up to exactly 1
    np.testing.assert_allclose(decoded[400:-400], wave[400:-400], rtol=0.06, atol=1e-4)
    assert examples.decode(spectrum.numpy(), final_len=9000).shape == (9000,)


def test_a_face_that_is_code_is_not_read(examples: AVSpeechDataset, tmp_path: Path) -> None:
    np.save(tmp_path / "faces" / "a_part0.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match="Cannot read the face"):
        examples[0]
