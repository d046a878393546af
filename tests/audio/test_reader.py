"""Blocks of any size give the samples of the whole file; what is broken is said, not passed on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from separate_cli.audio.reader import BlockReader, read_audio
from separate_cli.errors import InputError

NOISE = np.random.default_rng(1).uniform(-0.5, 0.5, (9001, 2)).astype(np.float32)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".mp3"])
@pytest.mark.parametrize("frames", [1000, 4096, 20000])
def test_blocks_are_the_whole_file_whatever_their_size(tmp_path: Path, suffix: str, frames: int) -> None:
    path = tmp_path / f"noise{suffix}"
    soundfile.write(path, NOISE, 16000)
    whole = soundfile.read(path, dtype="float32")[0].T
    with BlockReader(path) as reader:
        blocks = list(reader.blocks(frames))
    assert max(block.shape[1] for block in blocks) <= frames
    np.testing.assert_allclose(np.concatenate(blocks, axis=1), whole, atol=1e-6)


@pytest.mark.parametrize(
    ("subtype", "step"), [("PCM_16", 2**-15), ("PCM_24", 2**-23), ("PCM_32", 2**-24), ("FLOAT", 0.0), ("DOUBLE", 0.0)]
)
def test_every_sample_format_comes_out_at_the_same_scale(tmp_path: Path, subtype: str, step: float) -> None:
    path = tmp_path / "x.wav"
    soundfile.write(path, NOISE, 16000, subtype=subtype)
    wave, rate = read_audio(path)
    assert rate == 16000
    assert wave.dtype == np.float32
    np.testing.assert_allclose(wave, NOISE.T, atol=step)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg"])
def test_reading_from_the_middle_is_a_slice_of_the_whole(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    soundfile.write(path, NOISE, 16000)
    whole, _ = read_audio(path)
    part, _ = read_audio(path, start=1234, frames=777)
    np.testing.assert_allclose(part, whole[:, 1234:2011], atol=1e-6)
    rest, _ = read_audio(path, start=9000, frames=100)
    assert rest.shape == (2, 1)


def test_a_start_after_the_end_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "x.wav", NOISE, 16000)
    with pytest.raises(InputError, match="outside"):
        read_audio(tmp_path / "x.wav", start=9001)


@pytest.mark.parametrize("suffix", [".flac", ".mp3"])
def test_a_file_cut_in_half_is_an_error_and_not_a_shorter_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    soundfile.write(path, np.tile(NOISE, (8, 1)), 16000)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(InputError, match="cut off") as caught, BlockReader(path) as reader:
        for _ in reader.blocks(2048):
            pass
    assert caught.value.hint


@pytest.mark.parametrize(("value", "says"), [(np.nan, "NaN"), (np.inf, "infinite"), (-np.inf, "infinite")])
def test_samples_that_are_no_numbers_are_located(tmp_path: Path, value: float, says: str) -> None:
    path = tmp_path / "x.wav"
    wave = NOISE.copy()
    wave[8000, 1] = value
    soundfile.write(path, wave, 16000, subtype="FLOAT")
    with pytest.raises(InputError, match=f"0.5000 s in channel 2 .*{says}"), BlockReader(path) as reader:
        for _ in reader.blocks(1000):
            pass
