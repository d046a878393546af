"""SMS-WSJ from its JSON file: targets, channels, offsets of the dry sources."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from separate_cli.data import SmsWsjDataset
from separate_cli.errors import InputError

FRAMES = 4000
OFFSETS = (300, -200)


@pytest.fixture
def signals(tmp_path: Path) -> dict[str, list[np.ndarray]]:
    rng = np.random.default_rng(0)
    paths: dict[str, Any] = {"observation": str(tmp_path / "observation.wav")}
    waves: dict[str, list[np.ndarray]] = {"observation": [0.1 * rng.standard_normal((FRAMES, 6))]}
    for name, shape in (
        ("speech_source", (3500,)),
        ("speech_reverberation_early", (FRAMES, 6)),
        ("speech_reverberation_tail", (FRAMES, 6)),
    ):
        waves[name] = [0.1 * rng.standard_normal(shape) for _ in range(2)]
        paths[name] = [str(tmp_path / f"{name}_{i}.wav") for i in range(2)]
    for name, found in waves.items():
        for i, wave in enumerate(found):
            path = paths[name] if name == "observation" else paths[name][i]
            soundfile.write(path, wave, 8000, subtype="FLOAT")
            found[i] = soundfile.read(path, dtype="float32")[0].T
    row = {"audio_path": paths, "num_samples": {"observation": FRAMES}, "offset": OFFSETS}
    short = {**row, "num_samples": {"observation": 100}}
    database = {"datasets": {"a": {"0": row}, "b": {"1": row, "2": short}}, "alias": {"train_si284": ["a", "b"]}}
    (tmp_path / "sms_wsj.json").write_text(json.dumps(database), encoding="utf-8")
    return waves


def sms(tmp_path: Path, target: str, **options: Any) -> SmsWsjDataset:
    return SmsWsjDataset(tmp_path / "sms_wsj.json", target, "a", **{"segment": None, **options})


def test_all_channels_of_mixture_and_targets(tmp_path: Path, signals: dict[str, list[np.ndarray]]) -> None:
    mixture, early = sms(tmp_path, "early", single_channel=False)[0]
    _, image = sms(tmp_path, "image", single_channel=False)[0]
    np.testing.assert_array_equal(mixture, signals["observation"][0])
    np.testing.assert_array_equal(early, np.stack(signals["speech_reverberation_early"]))
    tails = np.stack(signals["speech_reverberation_tail"])
    np.testing.assert_array_equal(image, early.numpy() + tails)


@pytest.mark.parametrize("single_channel", [True, False])
def test_dry_sources_begin_at_their_offsets(
    tmp_path: Path, signals: dict[str, list[np.ndarray]], single_channel: bool
) -> None:
    _, sources = sms(tmp_path, "source", single_channel=single_channel)[0]
    expected = np.zeros((2, FRAMES), np.float32)
    expected[0, 300:3800] = signals["speech_source"][0]
    expected[1, :3300] = signals["speech_source"][1][200:]
    np.testing.assert_array_equal(sources, expected)


def test_segments_have_any_one_channel_the_same_of_all_signals(
    tmp_path: Path, signals: dict[str, list[np.ndarray]]
) -> None:
    seen = set()
    for _ in range(12):
        mixture, sources = sms(tmp_path, "early", segment=0.25)[0]
        assert mixture.shape == (2000,) and sources.shape == (2, 2000)
        places = [
            (channel, start)
            for channel, wave in enumerate(signals["observation"][0])
            for start in np.flatnonzero(wave[:2001] == mixture[0].item())
        ]
        ((channel, start),) = places
        for source, wave in zip(sources, signals["speech_reverberation_early"], strict=True):
            np.testing.assert_array_equal(source, wave[channel, start : start + 2000])
        seen.add(channel)
    assert len(seen) > 2
    np.testing.assert_array_equal(sms(tmp_path, "early")[0][0], signals["observation"][0][0])


def test_a_part_may_be_an_alias_of_several(tmp_path: Path, signals: dict[str, object]) -> None:
    examples = SmsWsjDataset(tmp_path / "sms_wsj.json", "image", "train_si284", segment=0.25)
    assert [mixture.id for mixture in examples.mixtures] == ["0", "1"] and examples.n_dropped == 1
    with pytest.raises(InputError, match="has no part cv_dev93; it has a, b"):
        SmsWsjDataset(tmp_path / "sms_wsj.json", "image", "cv_dev93")


def test_further_sources_are_silent_and_levels_can_be_normalized(tmp_path: Path, signals: dict[str, object]) -> None:
    for target in ("source", "early"):
        for single in (True, False):
            plain = sms(tmp_path, target, single_channel=single)[0]
            mixture, sources = sms(tmp_path, target, single_channel=single, nondefault_nsrc=3, normalize_audio=True)[0]
            assert len(sources) == 3 and not sources[2].any() and sources.shape[-1] == FRAMES
            torch.testing.assert_close(mixture.std(-1), torch.ones_like(mixture[..., 0]))
            assert plain[1].shape == sources[:2].shape


def test_infos_have_a_task_and_three_licences(tmp_path: Path, signals: dict[str, object]) -> None:
    infos = sms(tmp_path, "source").get_infos()
    assert infos["task"] and infos["target"] == "source" and len(infos["licenses"]) == 3
    with pytest.raises(ValueError, match="Unknown target"):
        sms(tmp_path, "tail")
