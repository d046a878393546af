"""SPHERE files give the samples that were put into them, packed or not."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from corpora.signals import voice
from corpora.sphere import write_packed, write_plain
from separate_cli.audio.probe import probe
from separate_cli.audio.reader import read_audio
from separate_cli.errors import InputError

SAMPLES = np.rint(20000 * voice(1, 5000)).astype(np.int16)


@pytest.mark.parametrize("write", [write_plain, write_packed])
def test_samples_are_those_that_were_written(tmp_path: Path, write) -> None:
    path = write(tmp_path / "01to030v.wv1", SAMPLES)
    info = probe(path)
    assert (info.frames, info.sample_rate, info.channels) == (5000, 16000, 1)
    wave, rate = read_audio(path, start=100, frames=700)
    np.testing.assert_array_equal(wave[0] * 32768, SAMPLES[100:800])
    assert rate == 16000


def test_a_packed_file_that_is_cut_off_is_an_error(tmp_path: Path) -> None:
    path = write_packed(tmp_path / "a.wv1", SAMPLES)
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(InputError, match="SPHERE file that cannot be read"):
        probe(path)


def test_without_the_library_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_packed(tmp_path / "a.wv1", SAMPLES)
    monkeypatch.setitem(sys.modules, "desphere", None)
    with pytest.raises(InputError, match="compressed SPHERE") as caught:
        probe(path)
    assert "separate-cli[sphere]" in caught.value.hint
