"""Excerpts of prepared mixtures: in step, the right targets, and decided by seed, epoch and number alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from corpora import mixtures
from separate_cli.data.corpus import Corpus
from separate_cli.data.mixture_dataset import MixtureDataset
from separate_cli.data.sampling import Draw, EpochBatches
from separate_cli.errors import InputError
from separate_cli.specs.examples import MixtureExamples


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    mixtures.make(tmp_path / "prepared", [2, 2, 2, 2, 2], part="train")
    return tmp_path / "prepared"


def dataset(folder: Path, *, part: str = "train", seed: int = 0, **wishes: Any) -> MixtureDataset:
    spec = MixtureExamples.model_validate({"segment_seconds": 0.1, **wishes})
    return MixtureDataset(Corpus(folder, {}), spec, part=part, seed=seed)


def test_the_mixture_is_the_sum_of_its_references_at_the_same_place(folder: Path) -> None:
    examples = dataset(folder)
    for mixture, references in (examples[i] for i in range(len(examples))):
        assert mixture.shape == (800,) and references.shape == (2, 800)
        torch.testing.assert_close(mixture, references.sum(0))


@pytest.mark.parametrize(
    ("task", "n_src", "heard", "wanted"),
    [
        ("sep_noisy", 2, "mix_both", ["s1", "s2"]),
        ("enh_single", 1, "mix_single", ["s1"]),
        ("enh_both", 1, "mix_both", ["mix_clean"]),
    ],
)
def test_each_task_has_its_input_and_targets(
    folder: Path, task: str, n_src: int, heard: str, wanted: list[str]
) -> None:
    examples = dataset(folder, task=task, n_src=n_src, segment_seconds=None)
    for number, row in enumerate(examples.mixtures):
        mixture, references = examples[number]
        np.testing.assert_array_equal(mixture, examples.corpus.signal(row, heard)[0])
        for reference, name in zip(references, wanted, strict=True):
            np.testing.assert_array_equal(reference, examples.corpus.signal(row, name)[0])


def test_excerpts_come_from_anywhere_and_change_with_the_epoch(folder: Path) -> None:
    examples = dataset(folder)
    row = examples.mixtures[0]
    whole = examples.corpus.signal(row, "mix_clean")[0]
    windows = np.lib.stride_tricks.sliding_window_view(whole, 800)
    starts = {
        int(np.flatnonzero((windows == examples[Draw(epoch, 0)][0].numpy()).all(axis=1))[0])
        for epoch in range(0, 40)
        if examples.mixtures[epoch * len(examples) % 5] is row
    }
    assert len(starts) > 30 and min(starts) < 400 and max(starts) > 1200


def test_short_mixtures_are_left_out_or_end_in_silence(folder: Path) -> None:
    with pytest.raises(InputError, match=r"of 1 s need .* the 5 of the part train, the longest has 0\.3 s"):
        dataset(folder, segment_seconds=1)
    mixture, references = dataset(folder, segment_seconds=1, short="pad")[0]
    assert mixture.shape == (8000,) and references.shape == (2, 8000)
    assert mixture[:2400].any() and not mixture[2400:].any() and not references[:, 2400:].any()


def test_sources_that_a_mixture_lacks_are_silent_and_too_many_are_refused(folder: Path) -> None:
    _, references = dataset(folder, n_src=3)[0]
    assert references.shape == (3, 800) and not references[2].any() and references[1].any()
    with pytest.raises(InputError, match="has 2 targets, n_src is 1"):
        dataset(folder, n_src=1)


def test_references_that_are_always_silent_are_noted(folder: Path, tmp_path: Path) -> None:
    (note,) = dataset(folder, n_src=3).notes
    assert note == (
        "No mixture of the part train has more than 2 targets; n_src is 3, so 1 of the references is always silent."
    )
    assert dataset(folder).notes == ()
    mixtures.make(tmp_path / "mixed", [2, 3, 2], part="train")
    assert dataset(tmp_path / "mixed", n_src=3).notes == ()


def test_normalizing_keeps_the_ratio_of_mixture_and_references(folder: Path) -> None:
    plain, scaled = dataset(folder)[2], dataset(folder, normalize=True)[2]
    assert scaled[0].std(correction=0).item() == pytest.approx(1, abs=1e-4)
    torch.testing.assert_close(scaled[1] * plain[0].std(correction=0), plain[1])


def test_channels_are_chosen_averaged_or_kept(tmp_path: Path) -> None:
    mixtures.make(tmp_path, [2], channels=2)
    wishes = {"part": "test", "segment_seconds": None}
    both, first, mean = (dataset(tmp_path, channels=name, **wishes)[0] for name in ("all", "first", "mean"))
    assert both[0].shape == (2, 2400) and both[1].shape == (2, 2, 2400)
    for index in (0, 1):
        torch.testing.assert_close(first[index], both[index][..., 0, :])
        torch.testing.assert_close(mean[index], both[index].mean(-2))


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning", "ignore:This DataLoader:UserWarning")
def test_batches_are_the_same_for_any_number_of_workers_start_and_cache(folder: Path) -> None:
    def batches(workers: int, start: int = 0, cache: int = 0) -> list[torch.Tensor]:
        examples = dataset(folder, examples_per_epoch=12, cache_megabytes=cache)
        sampler = EpochBatches(12, 3, seed=1)
        sampler.epoch, sampler.start = 3, start
        context = "fork" if workers else None
        loader = DataLoader(examples, batch_sampler=sampler, num_workers=workers, multiprocessing_context=context)
        return [torch.cat([mixture[:, None], references], dim=1) for mixture, references in loader]

    whole = batches(0)
    assert len(whole) == 4
    for other, rest in ((batches(2), whole), (batches(0, 3), whole[3:]), (batches(0, cache=1), whole)):
        assert all(torch.equal(*pair) for pair in zip(other, rest, strict=True))


def test_another_seed_gives_other_excerpts(folder: Path) -> None:
    assert not torch.equal(dataset(folder)[0][0], dataset(folder, seed=1)[0][0])


@pytest.mark.parametrize(
    ("wishes", "why"),
    [
        ({"part": "valid"}, "no mixtures of the part valid"),
        ({"sample_rate": 16000}, "is at 8000 Hz, the examples are at 16000"),
        ({"task": "sep_reverb"}, "has no mix_clean_reverb"),
    ],
)
def test_what_the_corpus_lacks_is_said_before_training(folder: Path, wishes: dict[str, Any], why: str) -> None:
    with pytest.raises(InputError, match=why):
        dataset(folder, **wishes)


def test_numbers_outside_the_set_are_refused(folder: Path) -> None:
    with pytest.raises(IndexError):
        dataset(folder)[5]
