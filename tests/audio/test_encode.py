"""Bytes of a file, made in memory."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from separate_cli.audio.encode import encode_audio
from separate_cli.audio.formats import AudioFormat

STEPS = np.random.default_rng(0).integers(-32768, 32768, (2, 5000))
WAVE = (STEPS / 32768).astype(np.float32)


@pytest.mark.parametrize("container", ["WAV", "FLAC"])
def test_every_step_of_sixteen_bits_is_kept(container: str) -> None:
    content = encode_audio(WAVE, 16000, AudioFormat(container, "PCM_16"))
    np.testing.assert_array_equal(soundfile.read(io.BytesIO(content), dtype="int16")[0].T, STEPS)
    np.testing.assert_array_equal(soundfile.read(io.BytesIO(content), dtype="float32")[0].T, WAVE)


def test_floats_are_kept_as_they_are() -> None:
    wave = np.random.default_rng(1).standard_normal((1, 300)).astype(np.float32)
    content = encode_audio(wave, 8000, AudioFormat("WAV", "FLOAT"))
    np.testing.assert_array_equal(soundfile.read(io.BytesIO(content), dtype="float32")[0], wave[0])


def test_the_bytes_are_those_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, STEPS.T.astype(np.int16), 16000)
    assert encode_audio(WAVE, 16000, AudioFormat("WAV", "PCM_16")) == path.read_bytes()
