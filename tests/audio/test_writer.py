"""Files appear whole or not at all, and are never silently clipped."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest
import soundfile

from separate_cli.audio.formats import AudioFormat
from separate_cli.audio.writer import BlockWriter, Spool, _disk_error, open_writer, safe_gain, write_audio
from separate_cli.errors import OutputError

PCM = AudioFormat("WAV", "PCM_16")
NOISE = np.random.default_rng(3).uniform(-0.9, 0.9, (2, 7000)).astype(np.float32)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("container", ["WAV", "FLAC", "AIFF", "CAF", "W64", "AU"])
def test_sixteen_bits_survive_reading_and_writing(tmp_path: Path, container: str) -> None:
    samples = np.arange(-32768, 32768, 7, dtype=np.int16)
    path = tmp_path / f"x.{container.lower()}"
    with open_writer(path, AudioFormat(container, "PCM_16"), sample_rate=16000, channels=1) as writer:
        for block in np.array_split(samples.astype(np.float32) / 32768, 5):
            writer.write(block[None])
    np.testing.assert_array_equal(soundfile.read(path, dtype="int16")[0], samples)
    assert files(tmp_path) == [path.name]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_nothing_is_left_when_the_work_stops_in_the_middle(tmp_path: Path, error: type[BaseException]) -> None:
    with (
        pytest.raises(error),
        open_writer(tmp_path / "x.wav", PCM, sample_rate=16000, channels=2) as writer,
    ):
        writer.write(NOISE)
        raise error
    assert files(tmp_path) == []


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(b"old")
    with open_writer(path, PCM, sample_rate=16000, channels=2) as writer:
        writer.write(NOISE)
        assert path.read_bytes() == b"old"
    assert soundfile.info(path).frames == 7000


def test_a_folder_that_cannot_be_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="Cannot write") as caught:
        write_audio(tmp_path / "file" / "x.wav", NOISE, 16000)
    assert caught.value.hint


def test_what_a_format_cannot_hold_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="does not hold 9 channel"):
        write_audio(tmp_path / "x.flac", np.zeros((9, 10), np.float32), 16000)
    assert files(tmp_path) == []


def test_libsndfile_failures_become_the_systems_own_reason(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = _disk_error(tmp_path / "file" / "x.wav", soundfile.LibsndfileError(2))
    assert found.errno in {errno.ENOTDIR, errno.ENOENT}


def test_a_full_disk_is_an_output_error_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: BlockWriter, block: np.ndarray) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(BlockWriter, "write", full)
    with pytest.raises(OutputError, match="disk is full"):
        write_audio(tmp_path / "x.wav", NOISE, 16000)
    assert files(tmp_path) == []


def test_frames_that_did_not_arrive_are_noticed(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match="only 7000 of 7001"),
        open_writer(tmp_path / "x.wav", PCM, sample_rate=16000, channels=2) as writer,
    ):
        writer.write(NOISE)
        writer.frames += 1
    assert files(tmp_path) == []


def test_an_integer_file_gets_one_gain_instead_of_clipping(tmp_path: Path) -> None:
    loud = 3 * NOISE
    gain = write_audio(tmp_path / "x.wav", loud, 16000)
    found = soundfile.read(tmp_path / "x.wav", dtype="float32")[0].T
    assert gain == pytest.approx(1 / np.abs(loud).max())
    np.testing.assert_allclose(found / gain, loud, atol=2e-4)


def test_a_float_file_keeps_its_level(tmp_path: Path) -> None:
    assert write_audio(tmp_path / "x.wav", 3 * NOISE, 16000, form=AudioFormat("WAV", "FLOAT")) == 1.0
    np.testing.assert_array_equal(soundfile.read(tmp_path / "x.wav", dtype="float32")[0].T, 3 * NOISE)


def test_full_scale_itself_is_not_turned_down() -> None:
    assert safe_gain(1.0, PCM) == 1.0


def test_a_spool_gives_back_what_it_got_in_blocks_of_any_size(tmp_path: Path) -> None:
    with Spool(tmp_path, rows=2) as spool:
        for block in np.array_split(NOISE, 11, axis=1):
            spool.append(block)
        spool.append(NOISE[:, :0])
        found = np.concatenate(list(spool.blocks(999)), axis=1)
    np.testing.assert_array_equal(found, NOISE)
    np.testing.assert_array_equal(spool.peaks, np.abs(NOISE).max(axis=1))
    assert files(tmp_path) == []
