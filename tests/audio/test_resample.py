"""Blocks equal one shot, lengths are exact, and nothing is delayed."""

from __future__ import annotations

import numpy as np
import pytest
import soxr

from separate_cli.audio.resample import Resampler, resample, resample_blocks, resampled_frames

RATES = [
    (44100, 16000),
    (16000, 44100),
    (48000, 16000),
    (8000, 16000),
    (11025, 16000),
    (192000, 16000),
    (16000, 192000),
]
RNG = np.random.default_rng(2)


def in_blocks(wave: np.ndarray, size: int) -> list[np.ndarray]:
    return [wave[:, start : start + size] for start in range(0, wave.shape[1], size)]


@pytest.mark.parametrize(("in_rate", "out_rate"), RATES)
@pytest.mark.parametrize("size", [1, 37, 5000])
def test_blocks_of_any_size_give_the_one_shot_result_of_soxr(in_rate: int, out_rate: int, size: int) -> None:
    frames = 300 if size == 1 else 20_001
    wave = RNG.standard_normal((2, frames)).astype(np.float32)
    wanted = soxr.resample(wave.T, in_rate, out_rate).T
    frames_out = resampled_frames(frames, in_rate, out_rate)
    blocks = resample_blocks(in_blocks(wave, size), in_rate=in_rate, out_rate=out_rate, channels=2, frames=frames_out)
    found = np.concatenate(list(blocks), axis=1)
    assert found.shape[1] == frames_out
    assert 0 <= frames_out - wanted.shape[1] <= 1
    np.testing.assert_allclose(found[:, : wanted.shape[1]], wanted, atol=1e-6)


@pytest.mark.parametrize(("in_rate", "out_rate"), RATES)
@pytest.mark.parametrize("frames", [1, 2, 99, 44101])
def test_there_and_back_has_exactly_the_input_length(in_rate: int, out_rate: int, frames: int) -> None:
    wave = RNG.standard_normal((1, frames)).astype(np.float32)
    low = resample(wave, in_rate, out_rate)
    stream = Resampler(in_rate=out_rate, out_rate=in_rate, channels=1)
    pieces = [stream.push(block) for block in in_blocks(low, 1000)]
    pieces.append(stream.finish(frames))
    assert sum(piece.shape[1] for piece in pieces) == frames


@pytest.mark.parametrize(("in_rate", "out_rate"), RATES)
def test_a_tone_keeps_its_phase(in_rate: int, out_rate: int) -> None:
    def tone(rate: int) -> np.ndarray:
        return np.sin(2 * np.pi * 440 * np.arange(rate // 2) / rate + 0.3).astype(np.float32)[None]

    found = resample(tone(in_rate), in_rate, out_rate)[0]
    wanted = tone(out_rate)[0]
    middle = slice(len(wanted) // 4, 3 * len(wanted) // 4)  # away from the edges, where silence begins
    np.testing.assert_allclose(found[middle], wanted[middle], atol=1e-4)


def test_equal_rates_pass_through_untouched() -> None:
    wave = RNG.standard_normal((1, 10)).astype(np.float32)
    assert resample(wave, 16000, 16000) is wave
