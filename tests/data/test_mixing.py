"""Mixtures of pieces become files with the samples that they have when they are added up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from corpora.signals import hiss, voice, write
from separate_cli.data import making
from separate_cli.data.corpus import Corpus
from separate_cli.data.mixing import Order, check_files, make_mixtures, render, write_order
from separate_cli.data.mixtures import Mixture, Piece, read_mixtures, write_mixtures
from separate_cli.errors import InputError, OutputError
from separate_cli.pipeline.shards import Shard
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.prepare import MixtureCorpus

SIGNALS = {
    "s1": Piece("a.wav", "speech", gain=0.7, channel=0),
    "s2": Piece("b.flac", "speech", gain=1.3, offset=500, channel=0),
    "noise": Piece("n.wav", "noise", frames=30000, crossfade=800, channel=1),
    "mix_clean": ("s1", "s2"),
    "mix_both": ("mix_clean", "noise"),
}


@pytest.fixture
def roots(tmp_path: Path) -> dict[str, Path]:
    write(tmp_path / "speech" / "a.wav", voice(1, 20000))
    write(tmp_path / "speech" / "b.flac", voice(2, 19000))
    write(tmp_path / "noise" / "n.wav", hiss(0, 9000, 2))
    return {"speech": tmp_path / "speech", "noise": tmp_path / "noise"}


def mixture(bits: int | None = 16, rate: int = 8000) -> Mixture:
    return Mixture("x", "train", rate, 9000, SIGNALS, bits)


@pytest.mark.parametrize(("bits", "suffix", "rate"), [(16, ".wav", 8000), (16, ".flac", 16000), (None, ".wav", 8000)])
def test_files_have_the_samples_of_the_sum(
    roots: dict[str, Path], tmp_path: Path, bits: int | None, suffix: str, rate: int
) -> None:
    corpus, one = Corpus(tmp_path, roots), mixture(bits, rate)
    written = write_order(Order(one, "place"), render(one, corpus, one.signals), tmp_path, suffix=suffix)
    for name in SIGNALS:
        assert (tmp_path / "place" / name / f"x{suffix}").exists()
        np.testing.assert_array_equal(corpus.signal(written, name), corpus.signal(one, name))


def test_each_file_is_read_once_however_many_sums_it_is_part_of(roots: dict[str, Path], tmp_path: Path) -> None:
    read: list[str] = []

    class Counting(Corpus):
        def read_piece(self, piece, choose):  # type: ignore[no-untyped-def]
            read.append(piece.path)
            return super().read_piece(piece, choose)

    render(mixture(), Counting(tmp_path, roots), SIGNALS)
    assert sorted(read) == ["a.wav", "b.flac", "n.wav"]


def test_folders_and_further_names_of_signals(roots: dict[str, Path], tmp_path: Path) -> None:
    order = Order(mixture(), "p", folders={"mix_both": "mix"}, aliases={"mix": ("mix_both",)})
    waves = render(order.mixture, Corpus(tmp_path, roots), ("s1", "mix_both"))
    written = write_order(order, waves, tmp_path)
    assert (tmp_path / "p" / "mix" / "x.wav").exists()
    corpus = Corpus(tmp_path, {})
    np.testing.assert_array_equal(corpus.signal(written, "mix"), corpus.signal(written, "mix_both"))


def plan(number: int) -> Order:
    if number == 7:
        raise InputError("Number 7 is damaged.", hint="Copy it again.")
    one = mixture()
    return Order(Mixture(f"x{number}", one.part, one.sample_rate, one.frames, one.signals, 16), "p", notes=number)


class Spec(MixtureCorpus):
    kind: str = "test"
    executor: str = "local:1"


def inputs(roots: dict[str, Path]) -> dict[str, Path]:
    return {"speech.speech.path": roots["speech"], "noise.noise.path": roots["noise"], "lists": Path("elsewhere")}


def test_mixtures_come_in_the_order_of_their_items_with_notes(roots: dict[str, Path], tmp_path: Path) -> None:
    context = StageContext(tmp_path / "made", inputs(roots))
    mixed = make_mixtures({f"k{i}": i for i in (3, 1, 2)}, plan, Spec(), context)
    assert mixed is not None
    assert [one.id for one in mixed.mixtures] == ["x3", "x1", "x2"] and mixed.notes == {"k3": 3, "k1": 1, "k2": 2}
    write_mixtures(tmp_path / "list.jsonl", mixed.mixtures)
    assert [one.id for one in read_mixtures(tmp_path / "list.jsonl")] == ["x1", "x2", "x3"]
    share = StageContext(tmp_path / "share", inputs(roots), shard=Shard(1, 2))
    assert make_mixtures({"k1": 1, "k2": 2}, plan, Spec(), share) is None


def test_one_damaged_source_leaves_the_others_alone(roots: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"1 of 3 mixtures cannot be made, the first one: Number 7"):
        make_mixtures({f"k{i}": i for i in (6, 7, 8)}, plan, Spec(), StageContext(tmp_path / "made", inputs(roots)))
    assert len(list((tmp_path / "made" / "p" / "s1").iterdir())) == 2


def test_the_disk_is_measured_against_typical_mixtures(
    roots: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []

    def check(folder: Path, n_bytes: float, *, what: str) -> None:
        asked.append(n_bytes)
        raise OutputError("full")

    monkeypatch.setattr(making, "check_space", check)
    with pytest.raises(OutputError):
        make_mixtures({f"k{i}": i for i in range(1, 6)}, plan, Spec(), StageContext(tmp_path / "made", inputs(roots)))
    assert asked == [5 * 9000 * 2 * len(SIGNALS)]


def test_missing_files_are_counted_and_named(roots: dict[str, Path]) -> None:
    files = {"speech": {"a.wav", "b.flac", *(f"gone{i}.wav" for i in range(5))}, "noise": {"n.wav"}}
    with pytest.raises(
        InputError, match=r"5 of 7 files are missing .*: gone0\.wav, gone1\.wav, gone2\.wav, \.\.\."
    ) as c:
        check_files(files, roots, hints={"speech": "Download it.", "noise": ""})
    assert c.value.hint == "Download it."
