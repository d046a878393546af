"""Audio in memory: the values of the files, and no more of it than allowed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from separate_cli.audio.reader import read_chosen
from separate_cli.data.cache import WaveCache
from separate_cli.errors import InputError


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    rng = np.random.default_rng(0)
    kinds = [("a.wav", "PCM_16"), ("b.flac", "PCM_16"), ("c.wav", "FLOAT"), ("d.flac", "PCM_24"), ("e.wav", "PCM_16")]
    for name, subtype in kinds:
        soundfile.write(tmp_path / name, 0.2 * rng.standard_normal((1000, 2)), 8000, subtype=subtype)
    return [tmp_path / name for name, _ in kinds]


def test_values_are_those_of_the_files_first_and_later(files: list[Path]) -> None:
    cache = WaveCache(1)
    for path in files * 2:
        wave, rate = cache.read(path, lambda rate, frames: (rate // 100, frames - 500))
        np.testing.assert_array_equal(wave, read_chosen(path, lambda rate, frames: (80, 500))[0])
        assert rate == 8000 and wave.dtype == np.float32


def test_files_that_are_kept_are_not_opened_again_and_the_limit_holds(files: list[Path]) -> None:
    cache = WaveCache(0.009)  # two files of 4000 bytes
    kept = []
    for path in files:
        cache.read(path, lambda rate, frames: (0, frames))
        path.unlink()
        try:
            cache.read(path, lambda rate, frames: (0, 1))
        except InputError:
            continue
        kept.append(path.name)
    assert kept == ["a.wav", "b.flac"]


def test_what_was_read_may_be_changed(files: list[Path]) -> None:
    cache = WaveCache(1)
    for path in files:
        first, _ = cache.read(path, lambda rate, frames: (0, 10))
        expected = first.copy()
        first[:] = 0
        np.testing.assert_array_equal(cache.read(path, lambda rate, frames: (0, 10))[0], expected)
