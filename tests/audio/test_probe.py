"""What a file says about itself, and two clear lines for what is no audio."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from separate_cli.audio.probe import AUDIO_SUFFIXES, probe
from separate_cli.errors import InputError

NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, (5000, 2))


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".mp3", ".aiff", ".caf", ".w64", ".au"])
def test_length_rate_and_channels_are_told_for_every_common_format(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"noise{suffix}"
    soundfile.write(path, NOISE, 22050)
    info = probe(path)
    assert suffix in AUDIO_SUFFIXES
    assert (info.frames, info.channels, info.sample_rate) == (5000, 2, 22050)
    assert info.duration_seconds == pytest.approx(5000 / 22050)


def test_the_length_of_a_flac_stream_without_one_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "stream.flac"
    soundfile.write(path, NOISE[:, 0], 16000)
    content = bytearray(path.read_bytes())
    content[21] &= 0xF0  # STREAMINFO: total samples, 36 bits from the low half of byte 21 on; 0 means unknown
    content[22:26] = bytes(4)
    path.write_bytes(content)
    assert probe(path).frames == 5000


@pytest.mark.parametrize("suffix", [".wav", ".aiff", ".au"])
def test_a_header_that_announces_more_than_there_is_is_noticed(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    soundfile.write(path, NOISE, 16000)
    assert not probe(path).is_cut_off
    path.write_bytes(path.read_bytes()[:-4000])
    assert probe(path).is_cut_off
    assert probe(path).frames == pytest.approx(4000, abs=8)


def test_a_wav_stream_that_announces_the_maximum_is_not_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "pipe.wav"
    soundfile.write(path, NOISE, 16000)
    content = bytearray(path.read_bytes())
    content[4:8] = content[40:44] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    assert not probe(path).is_cut_off
    assert probe(path).frames == 5000


def write_empty(path: Path) -> None:
    path.write_bytes(b"")


def write_text(path: Path) -> None:
    path.write_text("dear diary\n" * 50)


def write_no_samples(path: Path) -> None:
    soundfile.write(path, np.zeros(0), 16000)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: None, "no file"),
        (write_empty, "empty"),
        (write_text, "not audio"),
        (write_no_samples, "no samples"),
        (Path.mkdir, "folder"),
    ],
)
def test_what_is_no_audio_is_refused_with_reason_and_advice(tmp_path: Path, make, says: str) -> None:
    path = tmp_path / "x.wav"
    make(path)
    with pytest.raises(InputError, match=says) as caught:
        probe(path)
    assert str(path) in caught.value.message
    assert caught.value.hint
    assert "\n" not in caught.value.message + caught.value.hint


def test_headerless_samples_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.raw"
    path.write_bytes(b"abcd" * 100)
    with pytest.raises(InputError, match="no header"):
        probe(path)


def test_names_with_spaces_and_umlauts_are_read(tmp_path: Path) -> None:
    path = tmp_path / "Gespräch über Öl 1 – ü.wav"
    soundfile.write(path, NOISE, 8000)
    assert probe(path).frames == 5000
