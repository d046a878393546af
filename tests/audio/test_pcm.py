"""Plain WAV files without libsndfile: the same samples, and everything else is left to it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from separate_cli.audio.pcm import pcm_layout
from separate_cli.audio.reader import read_audio, read_chosen
from separate_cli.errors import InputError


def layout_of(path: Path) -> object:
    with path.open("rb") as stream:
        return pcm_layout(stream)


def write(path: Path, subtype: str, channels: int = 2, **more: object) -> None:
    wave = 0.3 * np.random.default_rng(0).standard_normal((1000, channels))
    soundfile.write(path, wave, 16000, subtype=subtype, **more)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT"])
def test_samples_are_those_of_libsndfile_whole_and_in_excerpts(tmp_path: Path, subtype: str, channels: int) -> None:
    path = tmp_path / "a.wav"
    write(path, subtype, channels)
    assert layout_of(path) is not None
    expected = soundfile.read(path, dtype="float32", always_2d=True)[0].T
    for start, frames in ((0, None), (0, 10), (999, 1), (17, 400), (990, 400)):
        wave, rate = read_audio(path, start=start, frames=frames)
        np.testing.assert_array_equal(wave, expected[:, start:][:, :frames])
        assert rate == 16000 and wave.dtype == np.float32 and wave.flags.c_contiguous


def test_a_header_of_the_extensible_kind_is_understood(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", "PCM_16", format="WAVEX")
    assert layout_of(tmp_path / "a.wav") is not None
    expected = soundfile.read(tmp_path / "a.wav", dtype="float32")[0].T
    np.testing.assert_array_equal(read_audio(tmp_path / "a.wav")[0], expected)


@pytest.mark.parametrize(
    ("name", "subtype"), [("a.wav", "PCM_24"), ("a.wav", "ULAW"), ("a.flac", "PCM_16"), ("a.w64", "PCM_16")]
)
def test_other_files_are_left_to_libsndfile(tmp_path: Path, name: str, subtype: str) -> None:
    write(tmp_path / name, subtype)
    assert layout_of(tmp_path / name) is None
    expected = soundfile.read(tmp_path / name, dtype="float32", start=5, stop=25)[0].T
    np.testing.assert_array_equal(read_audio(tmp_path / name, start=5, frames=20)[0], expected)


def test_chunks_before_and_after_the_samples_do_not_matter(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", "PCM_16")
    expected = read_audio(tmp_path / "a.wav")[0]
    raw = (tmp_path / "a.wav").read_bytes()
    odd = b"junk" + (3).to_bytes(4, "little") + b"abc\0"
    (tmp_path / "b.wav").write_bytes(raw[:12] + odd + raw[12:] + odd)
    assert layout_of(tmp_path / "b.wav") is not None
    np.testing.assert_array_equal(read_audio(tmp_path / "b.wav")[0], expected)
    far = b"junk" + (600).to_bytes(4, "little") + bytes(600)
    (tmp_path / "c.wav").write_bytes(raw[:12] + far + raw[12:])
    assert layout_of(tmp_path / "c.wav") is None
    np.testing.assert_array_equal(read_audio(tmp_path / "c.wav")[0], expected)


@pytest.mark.parametrize("announced", [None, 0xFFFFFFFF, 10_000])
def test_a_file_that_is_cut_off_has_what_is_there(tmp_path: Path, announced: int | None) -> None:
    write(tmp_path / "a.wav", "PCM_16")
    raw = bytearray((tmp_path / "a.wav").read_bytes()[: 44 + 4 * 300 + 2])
    if announced is not None:
        raw[40:44] = announced.to_bytes(4, "little")
    (tmp_path / "b.wav").write_bytes(raw)
    np.testing.assert_array_equal(read_audio(tmp_path / "b.wav")[0], read_audio(tmp_path / "a.wav", frames=300)[0])


def test_samples_that_are_no_numbers_are_named(tmp_path: Path) -> None:
    wave = np.zeros((800, 2), np.float32)
    wave[400, 1] = np.nan
    soundfile.write(tmp_path / "a.wav", wave, 8000, subtype="FLOAT")
    with pytest.raises(InputError, match=r"0\.0500 s in channel 2 is not a number"):
        read_audio(tmp_path / "a.wav", start=10)
    assert read_audio(tmp_path / "a.wav", frames=400)[0].shape == (2, 400)


@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
def test_what_is_read_may_depend_on_rate_and_length(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, "PCM_16")
    seen = []

    def choose(rate: int, frames: int) -> tuple[int, int]:
        seen.append((rate, frames))
        return frames - 7, 5

    wave, _ = read_chosen(tmp_path / name, choose)
    np.testing.assert_array_equal(wave, read_audio(tmp_path / name)[0][:, 993:998])
    assert seen == [(16000, 1000)]
    with pytest.raises(InputError, match="frame 1000 is outside"):
        read_chosen(tmp_path / name, lambda rate, frames: (frames, 1))
    assert read_chosen(tmp_path / name, lambda rate, frames: (0, 0))[0].shape == (2, 0)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"RIFF\0\0\0\0WAVE", b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + bytes(30)])
def test_broken_headers_are_input_errors(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(InputError):
        read_audio(tmp_path / "a.wav")


@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT"])
def test_what_was_read_may_be_changed(tmp_path: Path, subtype: str) -> None:
    soundfile.write(tmp_path / "a.wav", np.ones(9) / 4, 8000, subtype=subtype)
    wave, _ = read_audio(tmp_path / "a.wav", start=2, frames=3)
    wave *= 2
    assert wave.tolist() == [[0.5, 0.5, 0.5]]
