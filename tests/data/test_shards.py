"""Shards: what was written is read, once an epoch, by any number of ranks and workers."""

from __future__ import annotations

import json
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from corpora import mixtures
from separate_cli.data import shard_writer
from separate_cli.data.corpus import Corpus
from separate_cli.data.mixture_dataset import MixtureDataset
from separate_cli.data.mixtures import Piece
from separate_cli.data.shard_reader import ShardDataset
from separate_cli.data.shard_writer import write_shards
from separate_cli.errors import InputError
from separate_cli.specs.examples import MixtureExamples

WHOLE = MixtureExamples(segment_seconds=None)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder = tmp_path_factory.mktemp("prepared")
    mixtures.make(folder, [2] * 11, part="train")
    return Corpus(folder, {})


@pytest.fixture(scope="module")
def index(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    (path,) = write_shards(corpus.mixtures("train"), corpus, tmp_path_factory.mktemp("shards"), mixtures_each=4)
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_shards_are_tar_files_of_one_mixture_after_the_other(index: Path) -> None:
    document = json.loads(index.read_text(encoding="utf-8"))
    assert [row["mixtures"] for row in document["shards"]] == [4, 4, 3]
    with tarfile.open(index.parent / document["shards"][1]["name"]) as tar:
        names = tar.getnames()
        assert {member.mtime for member in tar} == {0}
    assert names[0] == "00000004.json" and "00000004.s1.flac" in names
    assert {name.partition(".")[0] for name in names} == {f"{number:08}" for number in range(4, 8)}


def test_bytes_do_not_depend_on_who_writes_nor_on_stops(
    corpus: Corpus, index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_shards(corpus.mixtures("train"), corpus, tmp_path / "two", mixtures_each=4, executor="local:2")
    assert contents(tmp_path / "two") == contents(index.parent)
    written: list[str] = []
    write = shard_writer._write

    def stop_after_one(*arguments: Any) -> Any:
        if len(written) == 1:
            raise KeyboardInterrupt
        written.append(arguments[-1].name)
        return write(*arguments)

    monkeypatch.setattr(shard_writer, "_write", stop_after_one)
    with pytest.raises(KeyboardInterrupt):
        write_shards(corpus.mixtures("train"), corpus, tmp_path / "stopped", mixtures_each=4)
    monkeypatch.setattr(
        shard_writer, "_write", lambda *arguments: written.append(arguments[-1].name) or write(*arguments)
    )
    write_shards(corpus.mixtures("train"), corpus, tmp_path / "stopped", mixtures_each=4)
    assert written == ["train-000000.tar", "train-000001.tar", "train-000002.tar"]
    assert contents(tmp_path / "stopped") == contents(index.parent)


@pytest.mark.parametrize("where", ["disk", "store"])
def test_examples_are_those_of_the_corpus(corpus: Corpus, index: Path, where: str) -> None:
    address = str(index)
    if where == "store":
        store = fsspec.filesystem("memory")
        store.put(f"{index.parent}/", "/bucket/mixes/", recursive=True)
        address = "memory://bucket/mixes/train.json"
    expected = MixtureDataset(corpus, WHOLE, part="train", seed=0)
    waves = {mixture.id: expected[i] for i, mixture in enumerate(expected.mixtures)}
    order = [mixture.id for mixture in corpus.mixtures("train")]
    read = list(ShardDataset(address, WHOLE, shuffle=False))
    assert len(read) == 11
    for (mixture, references), name in zip(read, order, strict=True):
        torch.testing.assert_close(mixture, waves[name][0], atol=2**-15, rtol=0)
        torch.testing.assert_close(references, waves[name][1], atol=2**-15, rtol=0)


def sums(examples: list[tuple[torch.Tensor, torch.Tensor]]) -> list[float]:
    return [round(mixture.double().sum().item(), 6) for mixture, _ in examples]


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning", "ignore:This DataLoader:UserWarning")
@pytest.mark.parametrize(("world_size", "workers"), [(1, 0), (2, 0), (3, 0), (4, 0), (2, 2), (11, 0)])
def test_ranks_and_workers_share_the_mixtures_equally_without_duplicates(
    index: Path, world_size: int, workers: int
) -> None:
    everything = sums(list(ShardDataset(index, WHOLE)))
    assert len(set(everything)) == 11
    context = "fork" if workers else None
    read = []
    for rank in range(world_size):
        dataset = ShardDataset(index, WHOLE, rank=rank, world_size=world_size)
        loader = DataLoader(dataset, batch_size=None, num_workers=workers, multiprocessing_context=context)
        read.append(sums(list(loader)))
    each = 11 // (world_size * max(1, workers)) * max(1, workers)
    assert [len(found) for found in read] == [each] * world_size
    together = [value for found in read for value in found]
    assert len(set(together)) == len(together) and set(together) <= set(everything)


def test_order_and_excerpts_are_a_function_of_seed_and_epoch(index: Path) -> None:
    def epoch(number: int, seed: int = 0, **options: Any) -> list[float]:
        dataset = ShardDataset(index, MixtureExamples(segment_seconds=0.1), seed=seed, buffer=4, **options)
        dataset.set_epoch(number)
        return sums(list(dataset))

    assert epoch(0) == epoch(0)
    assert set(epoch(0)).isdisjoint(epoch(1)) and set(epoch(0)).isdisjoint(epoch(0, seed=1))
    whole = ShardDataset(index, WHOLE, buffer=4)
    first = sums(list(whole))
    whole.set_epoch(1)
    assert sorted(first) == sorted(sums(list(whole))) and first != sums(list(whole))
    assert set(epoch(0)) == set(epoch(0, shuffle=False))  # excerpts depend on the mixture, not on its place


def test_only_the_asked_signals_are_written(corpus: Corpus, tmp_path: Path) -> None:
    (index,) = write_shards(
        corpus.mixtures("train"), corpus, tmp_path, signals=["mix_both", "s1"], audio="wav", bits=24
    )
    spec = MixtureExamples(task="sep_noisy", targets=("s1",), n_src=1, segment_seconds=0.5, short="pad")
    mixture, references = next(iter(ShardDataset(index, spec, shuffle=False)))
    assert mixture.shape == (4000,) and references.shape == (1, 4000) and not mixture[2400:].any()
    with pytest.raises(InputError, match="no mix_clean"):
        next(iter(ShardDataset(index, WHOLE)))


def test_damaged_shards_and_missing_lists_are_named(index: Path, tmp_path: Path) -> None:
    for name, content in contents(index.parent).items():
        (tmp_path / name).write_bytes(content[:700] if name.endswith("1.tar") else content)
    with pytest.raises(InputError, match=r"Cannot read the shard .*train-000001\.tar"):
        list(ShardDataset(tmp_path / "train.json", WHOLE))
    with pytest.raises(InputError, match=r"Cannot read the list of shards .*none\.json"):
        ShardDataset(tmp_path / "none.json", WHOLE)


def test_values_beyond_full_scale_are_cut_as_in_a_file(tmp_path: Path) -> None:
    mixtures.make(tmp_path, [1], part="train")
    corpus = Corpus(tmp_path, {})
    (mixture,) = corpus.mixtures("train")
    loud = replace(mixture, signals={"s1": Piece("wav/0-s1.wav", gain=50.0), "mix_clean": ("s1",)})
    (index,) = write_shards([loud], corpus, tmp_path / "shards")
    wave = next(iter(ShardDataset(index, MixtureExamples(n_src=1, segment_seconds=None))))[0]
    np.testing.assert_allclose(wave, np.clip(corpus.signal(loud, "s1")[0], -1, 1), atol=2**-15)
