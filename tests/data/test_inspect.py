"""Every sample of a file is looked at, whatever is wrong with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from separate_cli.data import inspect as module
from separate_cli.data.inspect import inspect


def write(path: Path, wave: np.ndarray, subtype: str | None = None) -> Path:
    soundfile.write(path, wave, 8000, subtype=subtype)
    return path


def noise(*shape: int) -> np.ndarray:
    return 0.1 * np.random.default_rng(0).standard_normal(shape)


@pytest.fixture(params=[7, 1 << 18])
def block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Faults are found whatever the length of a block."""
    monkeypatch.setattr(module, "_BLOCK_FRAMES", request.param)


def test_facts_are_those_of_the_samples(tmp_path: Path, block: None) -> None:
    wave = noise(500, 2)
    found = inspect(write(tmp_path / "a.flac", wave))
    assert (found.problem, found.sample_rate, found.frames, found.channels) == ("", 8000, 500, 2)
    assert found.peaks == pytest.approx(np.abs(wave).max(axis=0), abs=1e-4)
    assert found.clipped == found.not_finite == 0


def test_a_copy_in_another_container_has_the_same_hash_and_a_changed_sample_another(tmp_path: Path) -> None:
    wave = np.rint(noise(500) * 32768) / 32768
    digests = [inspect(write(tmp_path / name, wave)).digest for name in ("a.wav", "b.flac")]
    wave[250] += 0.01
    assert digests[0] == digests[1] != inspect(write(tmp_path / "c.wav", wave)).digest


def test_peaks_that_are_cut_off_are_counted(tmp_path: Path, block: None) -> None:
    wave = noise(100, 2)
    wave[5:8, 0] = wave[12:20, 0] = 1.0  # one of them lies across blocks
    wave[12:15, 1] = -1.0
    wave[40:42, 0] = 1.0  # two samples: a peak that just fits
    assert inspect(write(tmp_path / "a.wav", wave)).clipped == 3


def test_samples_that_are_no_numbers_are_counted_and_hide_nothing(tmp_path: Path, block: None) -> None:
    wave = noise(100, 2)
    wave[10, 1], wave[50, 0], wave[70, 0] = np.nan, np.inf, 0.75
    found = inspect(write(tmp_path / "a.wav", wave, "FLOAT"))
    assert found.not_finite == 2 and found.peaks[0] == 0.75 and np.isfinite(found.peaks).all()


@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
def test_a_file_that_is_cut_off_says_so(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, noise(20000))
    path.write_bytes(path.read_bytes()[:9000])
    found = inspect(path)
    assert "cut off" in found.problem or "damaged after" in found.problem
    assert found.frames < 20000


def test_what_is_no_audio_has_a_reason(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("hello")
    (tmp_path / "b.wav").write_bytes(b"")
    assert inspect(tmp_path / "a.wav").problem.startswith("is not audio that can be read")
    assert inspect(tmp_path / "b.wav").problem == "is empty (0 bytes)"
    assert "no file" in inspect(tmp_path / "c.wav").problem
