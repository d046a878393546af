"""DAMP-VSEP from its JSON files: starts, levels, and mixtures that have all that is heard."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from separate_cli.data import DAMPVSEPSinglesDataset
from separate_cli.errors import InputError

RATE = 16000
TRACK = {
    **{"vocal": "v.ogg.flac", "background": "b.flac", "original_mix": "m.flac", "duration": "0.507"},
    **{"vocal_start": 0.1, "background_start": 0.0, "scaler": 0.5},
    **{"mean": 0.01, "std": 2.0, "original_mix_mean": -0.01, "original_mix_std": 4.0},
}


@pytest.fixture
def waves(tmp_path: Path) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    found = {}
    for name in ("vocal", "background", "original_mix"):
        soundfile.write(tmp_path / str(TRACK[name]), 0.1 * rng.standard_normal((RATE, 2)), RATE)
        found[name] = soundfile.read(tmp_path / str(TRACK[name]), dtype="float32")[0].mean(axis=1)
    (tmp_path / "metadata").mkdir()
    for split in ("train_singles", "train_english"):
        path = tmp_path / "metadata" / f"{split}_sr{RATE}.json"
        path.write_text(json.dumps({"first": TRACK, "second": TRACK}), encoding="utf-8")
    return found


def damp(root: Path, task: str = "separation", **options: Any) -> DAMPVSEPSinglesDataset:
    return DAMPVSEPSinglesDataset(root, task, **options)


def test_sources_begin_at_their_starts_with_the_vocals_level(tmp_path: Path, waves: dict[str, np.ndarray]) -> None:
    mixture, sources = damp(tmp_path)[1]
    n = RATE // 2  # durations count whole hundredths of a second
    np.testing.assert_allclose(sources[0], 0.5 * waves["vocal"][1600 : 1600 + n], atol=1e-7)
    np.testing.assert_allclose(sources[1], waves["background"][:n], atol=1e-7)
    np.testing.assert_allclose(mixture, waves["original_mix"][:n], atol=1e-7)
    assert damp(tmp_path, ex_per_track=3).get_track_name(4) == "second" and len(damp(tmp_path, ex_per_track=3)) == 6


def test_a_remix_has_the_background_also_where_only_the_vocal_is_wanted(
    tmp_path: Path, waves: dict[str, np.ndarray]
) -> None:
    mixture, sources = damp(tmp_path, mixture="remix")[0]
    torch.testing.assert_close(mixture, sources.sum(0))
    alone, vocal = damp(tmp_path, "enh_vocal", mixture="remix")[0]
    assert torch.equal(alone, mixture) and torch.equal(vocal, sources[:1])


def test_levels_can_be_those_of_the_song(tmp_path: Path, waves: dict[str, np.ndarray]) -> None:
    plain, normed = damp(tmp_path)[0], damp(tmp_path, norm="song_level")[0]
    torch.testing.assert_close(normed[0], (plain[0] + 0.01) / 4)
    torch.testing.assert_close(normed[1], (plain[1] + 0.01) / 4)
    remix = damp(tmp_path, norm="song_level", mixture="remix")[0]
    torch.testing.assert_close(remix[1], (plain[1] - 0.01) / 2)


def test_random_segments_are_in_step_and_may_be_changed(tmp_path: Path, waves: dict[str, np.ndarray]) -> None:
    examples = damp(
        tmp_path, random_segments=True, segment=0.1, source_augmentations=lambda wave, rate: wave * (rate / RATE) * 3
    )
    mixture, sources = examples[0]
    assert mixture.shape == (1600,) and sources.shape == (2, 1600)
    start = int(
        np.argmin(
            np.abs(np.lib.stride_tricks.sliding_window_view(waves["original_mix"], 1600) - mixture.numpy()).sum(1)
        )
    )
    np.testing.assert_allclose(sources[1], 3 * waves["background"][start : start + 1600], atol=1e-6)
    np.testing.assert_allclose(sources[0], 1.5 * waves["vocal"][1600 + start :][:1600], atol=1e-6)


def test_what_is_missing_or_unknown_is_said(tmp_path: Path, waves: dict[str, np.ndarray]) -> None:
    for options, why in (
        ({"task": "sep"}, "Unknown task"),
        ({"split": "train_english"}, "no original mixtures"),
        ({"random_segments": True}, "need the length"),
    ):
        with pytest.raises(ValueError, match=why):
            damp(tmp_path, **options)
    with pytest.raises(InputError, match=r"no valid_sr16000\.json"):
        damp(tmp_path, split="valid")
    assert damp(tmp_path, metadata=tmp_path / "metadata").get_infos()["licenses"][0]["non_commercial"]
