"""wsj0-mix and Kinect-WSJ from their JSON lists."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from separate_cli.data import KinectWsjMixDataset, Wsj0mixDataset
from separate_cli.errors import InputError

from .conftest import write_signals


def test_items_are_the_mixture_and_its_sources(tmp_path: Path, signals: dict[str, list[np.ndarray]]) -> None:
    mixture, sources = Wsj0mixDataset(tmp_path / "lists", segment=None)[2]
    np.testing.assert_array_equal(mixture, signals["mix"][2][0])
    np.testing.assert_array_equal(sources, np.concatenate([signals["s1"][2], signals["s2"][2]]))
    with pytest.raises(InputError, match=r"s3\.json"):
        Wsj0mixDataset(tmp_path / "lists", n_src=3)


def test_loaders_shuffle_the_training_only(tmp_path: Path, signals: dict[str, object]) -> None:
    train, valid = Wsj0mixDataset.loaders(tmp_path / "lists", tmp_path / "lists", batch_size=4, segment=0.375)
    assert isinstance(train.sampler, torch.utils.data.RandomSampler)
    assert isinstance(valid.sampler, torch.utils.data.SequentialSampler)
    assert [len(batch[0]) for batch in train] == [4] and [len(batch[0]) for batch in valid] == [4, 2]


def test_kinect_has_all_channels_and_the_noise_of_the_same_segment(tmp_path: Path) -> None:
    signals = write_signals(tmp_path, channels=4, rate=16000)
    examples = KinectWsjMixDataset(tmp_path / "lists", segment=0.2)
    mixture, sources, noise = examples[1]
    assert mixture.shape == noise.shape == (3200, 4) and sources.shape == (2, 3200, 4)
    torch.testing.assert_close(sources.sum(0), mixture, atol=1e-4, rtol=0)
    whole = signals["noise"][2].T  # the first mixture is too short
    starts = [i for i in range(len(whole) - 3199) if np.array_equal(whole[i : i + 3200], noise)]
    assert len(starts) == 1
    np.testing.assert_array_equal(mixture, signals["mix"][2].T[starts[0] :][:3200])


def test_infos_name_all_corpora(tmp_path: Path, signals: dict[str, object]) -> None:
    assert len(Wsj0mixDataset(tmp_path / "lists", segment=None).get_infos()["licenses"]) == 1
    infos = KinectWsjMixDataset(tmp_path / "lists", sample_rate=8000, segment=None).get_infos()
    assert [notice["non_commercial"] for notice in infos["licenses"]] == [True, True]
