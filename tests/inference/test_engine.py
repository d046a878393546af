"""A recording of any kind through a model: right samples, right length, right level, and nothing half-written."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
import torch

from separate_cli.errors import InputError, OutputError, SepError
from separate_cli.inference.engine import Separated, separate_file

RNG = np.random.default_rng(1)


def record(path: Path, wave: np.ndarray, rate: int = 16000, subtype: str | None = "FLOAT") -> Path:
    path.parent.mkdir(exist_ok=True)
    soundfile.write(path, wave, rate, subtype=subtype)
    return path


def read(path: Path) -> np.ndarray:
    return soundfile.read(path, dtype="float32", always_2d=True)[0].T


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("chunk_seconds", [0.02, 0.3, 10.0])
def test_the_chunked_path_equals_the_whole_file(tmp_path: Path, toys: SimpleNamespace, chunk_seconds: float) -> None:
    model = toys.Smooth().requires_grad_(False)
    wave = RNG.uniform(-0.2, 0.2, (20_123, 2)).astype(np.float32)
    source, target = record(tmp_path / "x.wav", wave), tmp_path / "y.wav"
    separate_file(model, source, [target], chunk_seconds=chunk_seconds)
    wanted = model(torch.from_numpy(wave.T.copy()).unsqueeze(1)).squeeze(1).numpy()
    np.testing.assert_allclose(read(target), wanted, atol=1e-5)


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 44100, 48000, 192000])
def test_any_rate_comes_back_at_that_rate_in_time_and_level(tmp_path: Path, toys: SimpleNamespace, rate: int) -> None:
    time = np.arange(rate) / rate
    tone = 0.3 * np.sin(2 * np.pi * 440 * time).astype(np.float32)
    done = separate_file(toys.Gain(0.5), record(tmp_path / "x.wav", tone, rate), [tmp_path / "y.wav"])
    found = read(tmp_path / "y.wav")
    assert (done.sample_rate, found.shape) == (rate, (1, rate))
    middle = slice(rate // 4, 3 * rate // 4)
    np.testing.assert_allclose(found[0, middle], 0.5 * tone[middle], atol=1e-4)


@pytest.mark.parametrize("rate", [8000, 44100, 192000])
@pytest.mark.parametrize("frames", [1, 2, 1000])
def test_short_files_keep_their_length(tmp_path: Path, toys: SimpleNamespace, rate: int, frames: int) -> None:
    source = record(tmp_path / "x.wav", np.full(frames, 0.1), rate)
    for model in (toys.Gain(), toys.Smooth()):
        separate_file(model, source, [tmp_path / "y.wav"])
        assert read(tmp_path / "y.wav").shape == (1, frames)


@pytest.mark.parametrize(("policy", "wanted"), [("each", 8), ("mix", 1), ("first", 1)])
def test_channels_follow_the_policy(tmp_path: Path, toys: SimpleNamespace, policy, wanted: int) -> None:
    wave = RNG.uniform(-0.2, 0.2, (3000, 8)).astype(np.float32)
    separate_file(toys.Gain(1.0), record(tmp_path / "x.wav", wave), [tmp_path / "y.wav"], channels=policy)
    found = read(tmp_path / "y.wav")
    heard = {"each": wave.T, "mix": wave.T.mean(0, keepdims=True), "first": wave.T[:1]}[policy]
    assert len(found) == wanted
    np.testing.assert_allclose(found, heard, atol=1e-6)


def test_a_model_of_many_microphones_hears_all_of_them(tmp_path: Path, toys: SimpleNamespace) -> None:
    wave = RNG.uniform(-0.2, 0.2, (3000, 4)).astype(np.float32)
    separate_file(toys.Beamformer(), record(tmp_path / "x.wav", wave), [tmp_path / "y.wav"])
    np.testing.assert_allclose(read(tmp_path / "y.wav"), wave.T.mean(0, keepdims=True), atol=1e-6)


def test_the_sources_of_all_channels_go_into_the_same_files(tmp_path: Path, toys: SimpleNamespace) -> None:
    class SecondChannelSwapped(toys.Halves):
        def forward(self, wav: torch.Tensor) -> torch.Tensor:
            both = super().forward(wav)
            return torch.cat([both[:1], both[1:].flip(1)]) if len(both) > 1 else both

    slow, fast = (np.repeat(RNG.uniform(0, 0.2, 60) ** 2, 500) for _ in range(2))
    time = np.arange(30_000) / 16000
    low, high = slow * np.sin(2 * np.pi * 500 * time), fast * np.sin(2 * np.pi * 6000 * time)
    source = record(tmp_path / "x.wav", np.stack([low + high, 0.5 * (low + high)], 1))
    targets = [tmp_path / "y1.wav", tmp_path / "y2.wav"]
    separate_file(SecondChannelSwapped(swap=False), source, targets)
    for target, wanted in zip(targets, (low, high), strict=True):
        np.testing.assert_allclose(read(target), np.stack([wanted, 0.5 * wanted]), atol=0.02)  # steps leak a little


def test_an_arbitrary_level_is_set_for_the_recording_as_a_whole(tmp_path: Path, toys: SimpleNamespace) -> None:
    class Loud(toys.Halves):
        def forward(self, wav: torch.Tensor) -> torch.Tensor:
            return 50 * super().forward(wav)

    wave = RNG.uniform(-0.2, 0.2, 30_000).astype(np.float32)
    targets = [tmp_path / "y1.wav", tmp_path / "y2.wav"]
    done = separate_file(Loud(), record(tmp_path / "x.wav", wave), targets, chunk_seconds=0.5)
    both = np.concatenate([read(target) for target in targets])
    assert done.gain == 1.0
    assert np.abs(both).sum() == pytest.approx(np.abs(wave).sum(), rel=1e-4)


def test_what_would_clip_gets_one_gain_for_all_sources(tmp_path: Path, toys: SimpleNamespace) -> None:
    class Loud(toys.Halves):
        level_is_arbitrary = False

        def forward(self, wav: torch.Tensor) -> torch.Tensor:
            return 8 * super().forward(wav)

    wave = RNG.uniform(-0.4, 0.4, 9000)
    source = record(tmp_path / "x.wav", wave, subtype="PCM_16")
    targets = [tmp_path / "y1.wav", tmp_path / "y2.wav"]
    done = separate_file(Loud(), source, targets)
    assert done.peak > 1
    assert done.gain == pytest.approx(1 / done.peak)
    np.testing.assert_allclose((read(targets[0]) + read(targets[1]))[0], 8 * done.gain * wave, atol=2e-4)
    kept = separate_file(Loud(), source, targets, bits="float")
    assert kept.gain == 1.0
    np.testing.assert_allclose((read(targets[0]) + read(targets[1]))[0], 8 * wave, atol=1e-3)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".aiff", ".ogg", ".mp3"])
def test_every_common_format_is_read(tmp_path: Path, toys: SimpleNamespace, suffix: str) -> None:
    source = record(tmp_path / f"Gespräch 1{suffix}", RNG.uniform(-0.2, 0.2, 8000), subtype=None)
    separate_file(toys.Gain(1.0), source, [tmp_path / "ü y.wav"])
    np.testing.assert_allclose(read(tmp_path / "ü y.wav"), read(source), atol=2**-15)


def test_silence_stays_silence(tmp_path: Path, toys: SimpleNamespace) -> None:
    targets = [tmp_path / "y1.wav", tmp_path / "y2.wav"]
    separate_file(toys.Halves(), record(tmp_path / "x.wav", np.zeros((5000, 2))), targets)
    assert not any(read(target).any() for target in targets)


def test_a_fixed_rate_model_refuses_other_rates_when_told(tmp_path: Path, toys: SimpleNamespace) -> None:
    source = record(tmp_path / "x.wav", np.zeros(100), 8000)
    with pytest.raises(InputError, match="8000 Hz, the model works at 16000 Hz"):
        separate_file(toys.Gain(), source, [tmp_path / "y.wav"], resample=False)


def cut_in_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def with_nan(path: Path) -> None:
    wave = np.zeros(40_000)
    wave[35_000] = np.nan
    record(path.with_suffix(".wav"), wave).rename(path)


@pytest.mark.parametrize(("spoil", "says"), [(cut_in_half, "cut off"), (with_nan, "NaN")])
def test_what_breaks_in_the_middle_leaves_nothing(tmp_path: Path, toys: SimpleNamespace, spoil, says: str) -> None:
    source = record(tmp_path / "x.flac", RNG.uniform(-0.2, 0.2, 40_000), subtype="PCM_16")
    spoil(source)
    with pytest.raises(InputError, match=says):
        separate_file(toys.Gain(), source, [tmp_path / "out" / "y.flac"], chunk_seconds=0.1)
    assert files(tmp_path) == ["x.flac"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_separation_leaves_the_old_output(
    tmp_path: Path, toys: SimpleNamespace, error: type[BaseException]
) -> None:
    class Stopped(toys.Gain):
        def forward(self, wav: torch.Tensor) -> torch.Tensor:
            raise error

    source = record(tmp_path / "x.wav", np.zeros(100))
    (tmp_path / "y.wav").write_bytes(b"old")
    with pytest.raises(error):
        separate_file(Stopped(), source, [tmp_path / "y.wav"])
    assert (tmp_path / "y.wav").read_bytes() == b"old"
    assert files(tmp_path) == ["x.wav", "y.wav"]


def test_outputs_are_announced_before_they_get_their_names(tmp_path: Path, toys: SimpleNamespace) -> None:
    seen: list[tuple[Separated, bool]] = []
    target = tmp_path / "y.wav"
    done = separate_file(
        toys.Gain(),
        record(tmp_path / "x.wav", np.zeros(100)),
        [target],
        before_rename=lambda one: seen.append((one, target.exists())),
    )
    assert seen == [(done, False)]
    assert target.exists()


def test_an_output_folder_that_cannot_be_is_an_output_error(tmp_path: Path, toys: SimpleNamespace) -> None:
    source = record(tmp_path / "x.wav", np.zeros(100))
    with pytest.raises(OutputError, match="Cannot write"):
        separate_file(toys.Gain(), source, [source / "y.wav"])


def test_a_model_that_gives_no_numbers_is_an_error(tmp_path: Path, toys: SimpleNamespace) -> None:
    source = record(tmp_path / "x.wav", np.ones(100))
    with pytest.raises(SepError, match="not numbers"):
        separate_file(toys.Gain(float("nan")), source, [tmp_path / "y.wav"])
    assert files(tmp_path) == ["x.wav"]


def test_stems_of_several_channels_keep_them_in_chunks_and_at_another_rate(
    tmp_path: Path, toys: SimpleNamespace
) -> None:
    time = np.arange(48000) / 48000
    wave = np.stack([0.3 * np.sin(2 * np.pi * hertz * time) for hertz in (300, 700)], axis=1).astype(np.float32)
    targets = [tmp_path / "same.wav", tmp_path / "crossed.wav"]
    separate_file(toys.Stems(), record(tmp_path / "x.wav", wave, 48000), targets, chunk_seconds=0.3)
    for target, wanted in zip(targets, (wave, wave[:, ::-1]), strict=True):
        np.testing.assert_allclose(read(target)[:, 4800:-4800], wanted.T[:, 4800:-4800], atol=1e-3)
