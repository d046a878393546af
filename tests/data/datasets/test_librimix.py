"""LibriMix from its CSV files: right pairs, segments, ids, and the first lines of Asteroid's README."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from corpora import mini_librimix
from separate_cli.data import LibriMix
from separate_cli.data.sampling import Draw
from separate_cli.errors import InputError, RemoteError


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mini_librimix.make(tmp_path_factory.mktemp("mini"))


def mini(lists: Path, **options: object) -> LibriMix:
    return LibriMix(lists, **{"sample_rate": 8000, "part": "train", "segment": None, **options})  # type: ignore[arg-type]


def load(lists: Path, signal: str, name: str) -> np.ndarray:
    return soundfile.read(lists.parent / "train" / signal / f"{name}.wav", dtype="float32")[0]


@pytest.mark.parametrize(
    ("task", "heard", "wanted"),
    [
        ("sep_clean", "mix_clean", ["s1", "s2"]),
        ("sep_noisy", "mix_both", ["s1", "s2"]),
        ("enh_both", "mix_both", ["mix_clean"]),
    ],
)
@pytest.mark.parametrize("segment", [None, 0.8])
def test_targets_belong_to_their_mixture_whatever_the_order_of_the_lists(
    lists: Path, task: str, heard: str, wanted: list[str], segment: float | None
) -> None:
    examples = mini(lists, task=task, segment=segment)
    assert len(examples) == (5 if segment is None else 1) and examples.n_dropped == 5 - len(examples)
    for number, row in enumerate(examples.mixtures):
        mixture, sources = examples[number]
        whole = load(lists, heard, row.id)
        matches = [
            i for i in range(len(whole) - len(mixture) + 1) if np.array_equal(whole[i : i + len(mixture)], mixture)
        ]
        assert len(matches) == 1
        assert examples.mixture_path.endswith(f"{heard}/{row.id}.wav")
        for source, name in zip(sources, wanted, strict=True):
            np.testing.assert_array_equal(source, load(lists, name, row.id)[matches[0] :][: len(mixture)])


def test_enhancement_of_one_speaker_has_its_own_list(lists: Path) -> None:
    mixture, sources = mini(lists, task="enh_single", n_src=1)[1]
    assert sources.shape == (1, len(mixture))
    assert 0 < (mixture - sources[0]).std() < 0.03


@pytest.mark.parametrize("n_src", [2, 3])
def test_names_of_all_sources_are_returned_on_request(tmp_path: Path, n_src: int) -> None:
    lists = mini_librimix.make(tmp_path, n_src=n_src)
    mixture, sources, ids = mini(lists, n_src=n_src, return_id=True)[0]
    assert ids == [f"{1000 + i}-{i}-0000" for i in range(n_src)]
    torch.testing.assert_close(sources.sum(0), mixture, atol=2e-4, rtol=0)


def test_segments_begin_anywhere_and_a_draw_decides_where(lists: Path) -> None:
    examples = mini(lists, segment=0.3)
    torch.manual_seed(0)
    assert len({examples[0][0].sum().item() for _ in range(20)}) > 15
    assert torch.equal(examples[Draw(3, 1)][0], examples[Draw(3, 1)][0])
    assert not torch.equal(examples[Draw(3, 1)][0], examples[Draw(4, 1)][0])


def test_paths_may_be_absolute_or_relative_to_a_folder_above(lists: Path, tmp_path: Path) -> None:
    here = mini(lists)[0]
    text = (lists / "mixture_train_mix_clean.csv").read_text(encoding="utf-8")
    (tmp_path / "mix_clean.csv").write_text(
        text.replace("MiniLibriMix/", f"{lists.parent.as_posix()}/"), encoding="utf-8"
    )
    there = mini(tmp_path, part="")[0]
    assert torch.equal(here[0], there[0]) and torch.equal(here[1], there[1])


def test_faults_of_the_lists_are_said_at_once(lists: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Expected one CSV file with clean in its name"):
        mini(lists, part="")
    with pytest.raises(InputError, match="got nothing"):
        mini(tmp_path)
    with pytest.raises(InputError, match="has no column source_3_path"):
        mini(lists, n_src=3)
    with pytest.raises(InputError, match="is at 8000 Hz, sample_rate is 16000"):
        mini(lists, sample_rate=16000)
    with pytest.raises(InputError, match="None of the 5 mixtures of LibriMix lasts 9 s"):
        mini(lists, segment=9)
    with pytest.raises(ValueError, match="Unknown task"):
        mini(lists, task="sep")


def test_infos_name_the_corpora_of_the_task(lists: Path) -> None:
    clean, noisy = (mini(lists, task=task).get_infos() for task in ("sep_clean", "sep_noisy"))
    assert (clean["dataset"], clean["task"]) == ("Libri2Mix", "sep_clean")
    assert [notice["title"] for notice in clean["licenses"]] == ["LibriSpeech"]
    assert [notice["non_commercial"] for notice in noisy["licenses"]] == [False, True]


def test_mini_loaders_shuffle_the_training_only_and_keep_all_validation(lists: Path) -> None:
    train, valid = LibriMix.loaders_from_mini(batch_size=2, folder=lists.parent, segment=None)
    assert isinstance(train.sampler, torch.utils.data.RandomSampler) and train.drop_last
    assert isinstance(valid.sampler, torch.utils.data.SequentialSampler)
    train, valid = LibriMix.loaders_from_mini(batch_size=4, folder=lists.parent.parent, segment=0.5)
    (mixture, sources), *more = list(train)
    assert mixture.shape == (4, 4000) and sources.shape == (4, 2, 4000) and not more
    assert sum(len(batch[0]) for batch in valid) == 2


def test_mini_is_downloaded_once_to_the_cache(lists: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.make_archive(str(tmp_path / "mirror" / "MiniLibriMix"), "zip", lists.parent.parent, "MiniLibriMix")
    found = LibriMix.mini_download(mirror=tmp_path / "mirror")
    assert found.is_relative_to(tmp_path / "cache")
    shutil.rmtree(tmp_path / "mirror")
    monkeypatch.setenv("SEP_OFFLINE", "1")
    assert LibriMix.mini_download() == found
    train, valid = LibriMix.mini_from_download(segment=None)
    assert len(train) == 5 and len(valid) == 2 and torch.equal(train[0][0], mini(lists)[0][0])
    assert len(LibriMix(found / "val", sample_rate=8000, segment=None)) == 2  # as Asteroid lays it out


def test_mini_has_only_what_is_in_it(lists: Path) -> None:
    with pytest.raises(ValueError, match="sep_clean and sep_noisy only"):
        LibriMix.mini_from_download(folder=lists.parent, task="enh_both")
    with pytest.raises(ValueError, match="8000 Hz only"):
        LibriMix.mini_from_download(folder=lists.parent, sample_rate=16000)


@pytest.mark.parametrize("place", [".", "data"])
def test_mini_of_the_current_folder_is_taken_as_it_is(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mini_librimix.make(tmp_path / place, train=2)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEP_OFFLINE", "1")
    train, valid = LibriMix.loaders_from_mini(task="sep_clean", batch_size=2, segment=0.5)
    assert [len(train.dataset), len(valid.dataset)] == [2, 2]  # type: ignore[arg-type]
    assert next(iter(train))[1].shape == (2, 2, 4000)


@pytest.mark.parametrize("missing", ["val", "metadata/mixture_train_mix_clean.csv"])
def test_a_mini_that_is_not_whole_is_not_taken(missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mini_librimix.make(tmp_path)
    (tmp_path / "MiniLibriMix" / missing).rename(tmp_path / "elsewhere")
    for list_of_train in (tmp_path / "MiniLibriMix" / "metadata").glob(
        "mixture_train_*" if "train" in missing else "-"
    ):
        list_of_train.unlink()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEP_OFFLINE", "1")
    with pytest.raises(RemoteError) as caught:
        LibriMix.loaders_from_mini(task="sep_clean")
    assert "folder=PATH" in caught.value.hint
