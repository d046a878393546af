"""Spectrograms are drawn where the sound is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from separate_cli.report.spectrogram import _level_db, save_spectrograms


def test_a_tone_is_the_loudest_line_at_its_frequency() -> None:
    rate, frequency = 16000, 3000.0
    level = _level_db(np.sin(2 * np.pi * frequency * np.arange(rate) / rate), rate)
    loudest = level.mean(axis=1).argmax() * rate / (2 * (level.shape[0] - 1))
    assert loudest == pytest.approx(frequency, abs=rate / 512)


def test_a_picture_appears_whole(tmp_path: Path) -> None:
    path = tmp_path / "folder with ümlaut" / "a.png"
    save_spectrograms(path, {"before": np.zeros(100), "after": np.ones(5)}, sample_rate=8000, title="t")
    assert path.read_bytes().startswith(b"\x89PNG")
    assert [p.name for p in path.parent.iterdir()] == ["a.png"]


def test_no_wave_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one"):
        save_spectrograms(tmp_path / "a.png", {}, sample_rate=8000)
