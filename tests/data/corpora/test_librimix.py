"""LibriMix against a plain restatement of the published arithmetic, however it is made and interrupted."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from scipy.signal import resample_poly

from corpora import librimix as lists
from corpora import librispeech, wham_noise
from separate_cli.data.corpus import Corpus
from separate_cli.data.mixing import roots_of
from separate_cli.errors import InputError
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.corpora.librimix import LibriMix
from separate_cli.stages import prepare

Wave = NDArray[Any]
ONE_STEP = 1 / 32768


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Inputs of the stage: tiny corpora of the true layouts, and lists for two speakers."""
    root = tmp_path_factory.mktemp("sources")
    speech, noise = librispeech.make(root / "LibriSpeech"), wham_noise.make(root / "wham_noise")
    return {
        "speech.librispeech.path": speech,
        "noise.wham_noise.path": noise,
        "lists": lists.make(root / "lists", speech, noise),
    }


Make = Callable[..., Corpus]


@pytest.fixture
def make(sources: dict[str, Path], tmp_path: Path) -> Make:
    def run(folder: str = "made", *, inputs: dict[str, Path] | None = None, **fields: Any) -> Corpus:
        (tmp_path / folder).mkdir(exist_ok=True)
        given = {**sources, **(inputs or {})}
        spec = LibriMix.model_validate({"kind": "librimix", "executor": "local:1", **fields})
        prepare.run(spec, StageContext(tmp_path / folder, given))
        return Corpus(tmp_path / folder, roots_of(given))

    return run


def published(row: dict[str, str], sources: dict[str, Path], *, n_src: int, rate: int, mode: str) -> dict[str, Wave]:
    """What the paper's script computes for a row, restated: sources and noise, then the three sums."""
    speech = [
        soundfile.read(sources["speech.librispeech.path"] / row[f"source_{i}_path"], dtype="float32")[0]
        for i in range(1, n_src + 1)
    ]
    longest = max(map(len, speech))
    path, speed = row["noise_path"], 1
    if "sp08" in path or "sp12" in path:
        path, speed = path[:-8] + ".wav", 0.8 if "sp08" in path else 1.2
    noise = soundfile.read(sources["noise.wham_noise.path"] / path)[0][:, 0]
    noise = noise if speed == 1 else resample_poly(noise, 5, 4 if speed == 0.8 else 6)
    noise = noise[:longest]
    piece, half = noise, 8001
    hann = 0.5 - 0.5 * np.cos(np.pi * np.arange(half) / (half - 1))
    while len(noise) < longest:
        seam = noise[len(noise) - half :] * hann[::-1] + piece[:half] * hann
        noise = np.concatenate([noise[: len(noise) - half], seam, piece[half:]])
    noise = noise[:longest]
    gains = [float(row[f"source_{i}_gain"]) for i in range(1, n_src + 1)] + [float(row["noise_gain"])]
    signals = [resample_poly(wave * gain, rate, 16000) for wave, gain in zip([*speech, noise], gains, strict=True)]
    length = (min if mode == "min" else max)(map(len, signals))
    signals = [np.pad(wave[:length], (0, max(0, length - len(wave)))) for wave in signals]
    found = {f"s{i}": wave for i, wave in enumerate(signals[:n_src], start=1)} | {"noise": signals[-1]}
    return found | {
        "mix_clean": sum(signals[:n_src]),
        "mix_both": sum(signals),
        "mix_single": signals[0] + signals[-1],
    }


def rows_of(folder: Path, n_src: int = 2) -> dict[str, list[dict[str, str]]]:
    found = {}
    for part, subset in {"train": "train-clean-100", "valid": "dev-clean", "test": "test-clean"}.items():
        with (folder / f"libri{n_src}mix_{subset}.csv").open() as stream:
            found[part] = list(csv.DictReader(stream))
    return found


@pytest.mark.parametrize(("rate", "mode"), [(8000, "min"), (8000, "max"), (16000, "min"), (16000, "max")])
def test_files_are_those_of_the_published_arithmetic_up_to_one_step(
    make: Make, sources: dict[str, Path], rate: int, mode: str
) -> None:
    corpus = make(sample_rate=rate, mode=mode)
    place, count = corpus.folder / "Libri2Mix" / f"wav{rate // 1000}k" / mode, 0
    for part, rows in rows_of(sources["lists"]).items():
        folder = {"train": "train-100", "valid": "dev", "test": "test"}[part]
        for row in rows:
            for name, expected in published(row, sources, n_src=2, rate=rate, mode=mode).items():
                path = place / folder / name / f"{row['mixture_ID']}.wav"
                info = soundfile.info(path)
                assert (info.samplerate, info.subtype, info.channels) == (rate, "PCM_16", 1)
                got = soundfile.read(path)[0]
                assert len(got) == len(expected)
                assert np.abs(got - np.clip(expected, -1, 1 - ONE_STEP)).max() <= 1.01 * ONE_STEP
                count += 1
    assert count == 9 * 6


def test_three_speakers(make: Make, sources: dict[str, Path], tmp_path: Path) -> None:
    official = lists.make(
        tmp_path / "lists3", sources["speech.librispeech.path"], sources["noise.wham_noise.path"], n_src=3, rows=1
    )
    corpus = make(n_src=3, subsets={"train-clean-100": "train"}, inputs={"lists": official})
    (mixture,) = corpus.mixtures("train")
    assert len(set(mixture.speakers)) == 3
    with (official / "libri3mix_train-clean-100.csv").open() as stream:
        (row,) = csv.DictReader(stream)
    expected = published(row, sources, n_src=3, rate=8000, mode="min")
    assert np.abs(corpus.signal(mixture, "mix_clean")[0] - expected["mix_clean"]).max() <= 1.01 * ONE_STEP


@pytest.mark.parametrize("rate", [8000, 16000])
def test_added_up_when_read_the_samples_are_those_of_the_files(make: Make, rate: int) -> None:
    on_disk, on_the_fly = make("disk", sample_rate=rate), make("fly", sample_rate=rate, mixtures="on_the_fly")
    assert sorted(path.name for path in on_the_fly.folder.iterdir()) == [
        "corpus.json",
        "journal.jsonl",
        "mixtures.jsonl",
    ]
    compared = 0
    for part in ("train", "valid", "test"):
        for written, listed in zip(on_disk.mixtures(part), on_the_fly.mixtures(part), strict=True):
            assert (written.id, written.frames, written.speakers) == (listed.id, listed.frames, listed.speakers)
            for name in written.signals:
                np.testing.assert_array_equal(on_disk.signal(written, name), on_the_fly.signal(listed, name))
                compared += 1
    assert compared == 9 * 6


def test_flac_holds_the_same_samples(make: Make) -> None:
    wav, flac = make("wav"), make("flac", audio="flac")
    for one, other in zip(wav.mixtures("test"), flac.mixtures("test"), strict=True):
        np.testing.assert_array_equal(wav.signal(one, "mix_both"), flac.signal(other, "mix_both"))


def test_official_tables_name_files_lengths_and_ratios(make: Make, sources: dict[str, Path]) -> None:
    corpus = make()
    metadata = corpus.folder / "Libri2Mix" / "wav8k" / "min" / "metadata"
    assert len(list(metadata.iterdir())) == 3 * 3 * 2
    with (metadata / "mixture_train-100_mix_single.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == ["mixture_ID", "mixture_path", "source_1_path", "noise_path", "length"]
    with (metadata / "metrics_train-100_mix_both.csv").open() as stream:
        ratios = list(csv.DictReader(stream))
    assert list(ratios[0]) == ["mixture_ID", "source_1_SNR", "source_2_SNR", "noise_SNR"]
    official = rows_of(sources["lists"])["train"]
    assert [row["mixture_ID"] for row in rows] == [row["mixture_ID"] for row in official]
    for row, ratio, listed in zip(rows, ratios, official, strict=True):
        assert soundfile.info(corpus.folder / row["mixture_path"]).frames == int(row["length"])
        signals = published(listed, sources, n_src=2, rate=8000, mode="min")
        rest = signals["mix_both"] - signals["s1"]
        snr_db = 10 * np.log10(np.mean(signals["s1"] ** 2) / np.mean(rest**2))
        assert float(ratio["source_1_SNR"]) == pytest.approx(snr_db, abs=1e-4)


def test_without_noise_nothing_of_it_is_read_or_written(make: Make, tmp_path: Path) -> None:
    corpus = make(noise=None, types=["mix_clean"], inputs={"noise.wham_noise.path": tmp_path / "none"})
    assert all(mixture.signals.keys() == {"s1", "s2", "mix_clean"} for mixture in corpus.mixtures("train"))
    assert "noise" not in json.loads((corpus.folder / "corpus.json").read_text())


def test_what_is_said_is_told_where_nobody_is_cut_off(make: Make) -> None:
    whole = make("max", mode="max", mixtures="on_the_fly").mixtures("test")[0]
    said = [name.split("-") for name in whole.id.split("_")]
    assert whole.facts["transcripts"] == [f"SPEAKER {speaker} TAKE {int(take)}" for speaker, _, take in said]
    assert all("transcripts" not in mixture.facts for mixture in make("min", mixtures="on_the_fly").mixtures("test"))


def test_facts_for_the_model_card(make: Make) -> None:
    facts = json.loads((make().folder / "corpus.json").read_text())
    train = facts["mixtures"]["Libri2Mix"]["parts"]["train"]
    assert train["mixtures"] == 3 and train["speakers"] >= 2 and train["hours"] > 0
    assert facts["noise"]["wham_noise"]["non_commercial"] is True
    assert facts["speech"]["librispeech"]["licence"] == "CC BY 4.0"


def test_missing_sources_are_counted_named_and_where_to_get_them_is_said(make: Make, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\d+ of \d+ files are missing in .*: dev-clean/.*, \.\.\.") as caught:
        make(inputs={"speech.librispeech.path": tmp_path})
    assert "sep data download librispeech" in caught.value.hint


def test_a_list_of_another_kind_is_refused(make: Make, sources: dict[str, Path]) -> None:
    with pytest.raises(InputError, match="libri3mix_train-clean-100"):
        make(n_src=3)
    with pytest.raises(InputError, match="no column mixture_ID"):
        sources = {"lists": sources["lists"].parent / "odd"}
        sources["lists"].mkdir()
        (sources["lists"] / "libri2mix_train-clean-100.csv").write_text("a,b\n1,2\n")
        make(inputs=sources)


def test_two_processes_write_the_bytes_that_one_writes(make: Make) -> None:
    def content(folder: Path) -> dict[str, bytes]:
        files = [path for path in folder.rglob("*") if path.is_file() and path.name != "journal.jsonl"]
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}

    one, two = make("one"), make("two", executor="local:2")
    assert content(one.folder) == content(two.folder)
    assert len(content(one.folder)) == 9 * 6 + 18 + 2
