"""Which container and depth an output gets."""

from __future__ import annotations

import pytest

from separate_cli.audio.formats import AudioFormat, output_format, output_suffix
from separate_cli.errors import UsageError


@pytest.mark.parametrize(
    ("suffix", "container", "wanted"),
    [
        (".wav", "auto", ".wav"),
        (".flac", "auto", ".flac"),
        (".AIF", "auto", ".AIF"),
        (".mp3", "auto", ".wav"),
        (".ogg", "auto", ".wav"),
        (".sph", "auto", ".wav"),
        ("", "auto", ".wav"),
        (".mp3", "mp3", ".mp3"),
        (".wav", "flac", ".flac"),
        (".aif", "aiff", ".aif"),
    ],
)
def test_the_container_is_kept_where_it_is_lossless(suffix: str, container, wanted: str) -> None:
    assert output_suffix(suffix, container) == wanted


@pytest.mark.parametrize(
    ("suffix", "like", "bits", "wanted"),
    [
        (".wav", "PCM_16", "auto", "PCM_16"),
        (".wav", "PCM_U8", "auto", "PCM_16"),
        (".wav", "PCM_24", "auto", "PCM_24"),
        (".wav", "PCM_32", "auto", "PCM_32"),
        (".wav", "DOUBLE", "auto", "FLOAT"),
        (".wav", "MPEG_LAYER_III", "auto", "PCM_16"),
        (".flac", "FLOAT", "auto", "PCM_24"),
        (".flac", "PCM_24", "16", "PCM_16"),
        (".wav", "PCM_16", "float", "FLOAT"),
        (".ogg", "PCM_16", "auto", "VORBIS"),
        (".mp3", "PCM_16", "24", "MPEG_LAYER_III"),
    ],
)
def test_the_depth_is_that_of_the_input_unless_asked(suffix: str, like: str, bits, wanted: str) -> None:
    assert output_format(suffix, like=like, bits=bits).subtype == wanted


def test_flac_does_not_pretend_to_hold_floats() -> None:
    with pytest.raises(UsageError, match="FLAC cannot hold FLOAT"):
        output_format(".flac", bits="float")


def test_beyond_four_gigabytes_wav_becomes_rf64() -> None:
    wav = AudioFormat("WAV", "FLOAT")
    assert wav.for_bytes(4_000_000_000) is wav
    assert wav.for_bytes(5_000_000_000).container == "RF64"
