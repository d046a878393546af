"""WHAM! and WHAMR! from their JSON lists."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from separate_cli.data import WhamDataset, WhamRDataset
from separate_cli.errors import InputError


@pytest.mark.parametrize(
    ("kind", "task", "heard", "wanted"),
    [
        (WhamDataset, "sep_clean", "mix_clean", ["s1", "s2"]),
        (WhamDataset, "sep_noisy", "mix_both", ["s1", "s2"]),
        (WhamDataset, "enhance_single", "mix_single", ["s1"]),
        (WhamDataset, "enh_both", "mix_both", ["mix_clean"]),
        (WhamRDataset, "sep_clean", "mix_clean_anechoic", ["s1_anechoic", "s2_anechoic"]),
        (WhamRDataset, "sep_noisy", "mix_both_anechoic", ["s1_anechoic", "s2_anechoic"]),
        (WhamRDataset, "sep_reverb", "mix_clean_reverb", ["s1_anechoic", "s2_anechoic"]),
        (WhamRDataset, "sep_noisy_reverb", "mix_both_reverb", ["s1_anechoic", "s2_anechoic"]),
    ],
)
def test_each_task_has_its_input_and_targets(
    tmp_path: Path,
    signals: dict[str, list[np.ndarray]],
    kind: type[WhamDataset],
    task: str,
    heard: str,
    wanted: list[str],
) -> None:
    examples = kind(tmp_path / "lists", task, segment=None)
    assert len(examples) == 6
    for number in range(6):
        mixture, sources = examples[number]
        np.testing.assert_array_equal(mixture, signals[heard][number][0])
        np.testing.assert_array_equal(sources, np.concatenate([signals[name][number] for name in wanted]))


def test_segments_are_in_step_and_short_mixtures_are_left_out(tmp_path: Path, signals: dict[str, object]) -> None:
    examples = WhamDataset(tmp_path / "lists", "sep_clean", segment=0.5)
    assert len(examples) == 4 and examples.n_dropped == 2
    for number in range(4):
        mixture, sources = examples[number]
        assert mixture.shape == (4000,)
        torch.testing.assert_close(sources.sum(0), mixture, atol=1e-4, rtol=0)


def test_a_mixture_as_long_as_a_segment_is_kept_whole(tmp_path: Path, signals: dict[str, list[np.ndarray]]) -> None:
    examples = WhamDataset(tmp_path / "lists", "sep_clean", segment=5500 / 8000)
    assert len(examples) == 1
    np.testing.assert_array_equal(examples[0][0], signals["mix_clean"][5][0])


def test_further_sources_are_silent_and_of_the_same_type(tmp_path: Path, signals: dict[str, object]) -> None:
    _, sources = WhamDataset(tmp_path / "lists", "sep_clean", segment=0.1, nondefault_nsrc=3)[0]
    assert sources.dtype == torch.float32 and sources.shape[0] == 3
    assert not sources[2].any() and sources[1].any()
    with pytest.raises(ValueError, match="has 2 targets; nondefault_nsrc is 1"):
        WhamDataset(tmp_path / "lists", "sep_clean", nondefault_nsrc=1)


def test_normalized_audio_has_no_mean_and_the_mixtures_spread(tmp_path: Path, signals: dict[str, object]) -> None:
    plain = WhamDataset(tmp_path / "lists", "sep_clean", segment=None)[0]
    mixture, sources = WhamDataset(tmp_path / "lists", "sep_clean", segment=None, normalize_audio=True)[0]
    std = plain[0].std()
    torch.testing.assert_close(mixture, (plain[0] - plain[0].mean()) / std)
    torch.testing.assert_close(sources, (plain[1] - plain[1].mean(-1, keepdim=True)) / std)


def test_two_sets_are_one_with_the_shorter_segments(tmp_path: Path, signals: dict[str, object]) -> None:
    long, short = (WhamDataset(tmp_path / "lists", "sep_clean", segment=segment) for segment in (0.6, 0.4))
    both = long + short
    assert len(both) == len(long) + len(short) == 2 + 5 and len(long) == 2
    assert both[0][0].shape == both[6][0].shape == (3200,)
    whole = WhamDataset(tmp_path / "lists", "sep_clean", segment=None)
    assert (whole + whole)[7][0].shape == whole[1][0].shape
    with pytest.raises(ValueError, match="same number of sources"):
        long + WhamDataset(tmp_path / "lists", "enh_both", segment=None)


def test_files_belong_together_by_their_names_not_by_the_order_of_the_lists(
    tmp_path: Path, signals: dict[str, list[np.ndarray]]
) -> None:
    path = tmp_path / "lists" / "s2.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8"))[::-1]), encoding="utf-8")
    _, sources = WhamDataset(tmp_path / "lists", "sep_clean", segment=None)[4]
    np.testing.assert_array_equal(sources[1], signals["s2"][4][0])


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("[", "is not JSON"),
        ('[["a.wav", 3]]', r"s1\.json has 1 files, mix_clean\.json has 6"),
        ("[3]", "not a list of"),
    ],
)
def test_faults_of_the_lists_are_said_at_once(
    tmp_path: Path, signals: dict[str, object], content: str, why: str
) -> None:
    (tmp_path / "lists" / "s1.json").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=why):
        WhamDataset(tmp_path / "lists", "sep_clean")


def test_a_missing_list_and_an_unknown_task_are_named(tmp_path: Path, signals: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="Unknown task 'sep'; expected one of sep_clean"):
        WhamDataset(tmp_path / "lists", "sep")
    with pytest.raises(InputError, match=r"Cannot read .*mix_clean\.json"):
        WhamDataset(tmp_path, "sep_clean")


def test_infos_name_the_corpora_of_the_task(tmp_path: Path, signals: dict[str, object]) -> None:
    infos = WhamDataset(tmp_path / "lists", "sep_noisy", segment=None).get_infos()
    assert (infos["dataset"], infos["task"], len(infos["licenses"])) == ("WHAM", "sep_noisy", 2)
    assert len(WhamDataset(tmp_path / "lists", "sep_clean", segment=None).get_infos()["licenses"]) == 1
    assert WhamRDataset(tmp_path / "lists", "sep_reverb", segment=None).get_infos()["dataset"] == "WHAMR"
