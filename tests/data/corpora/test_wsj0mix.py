"""wsj0-mix against a plain restatement of the published arithmetic."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from scipy.signal import resample_poly

from corpora import wsj0
from separate_cli.audio.reader import read_audio
from separate_cli.data.corpora.wsj0 import index_wsj0
from separate_cli.data.corpus import Corpus
from separate_cli.data.levels import active_level_db
from separate_cli.data.mixing import roots_of
from separate_cli.errors import InputError
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.corpora.wsj0mix import Wsj0Mix
from separate_cli.stages import prepare

Make = Callable[..., Corpus]
STEP = 1 / 32768


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def run(folder: str = "made", *, form: str = "wav", n_src: int = 2, levels: bool = True, **fields: Any) -> Corpus:
        root, lists = tmp_path / f"wsj0-{form}", tmp_path / f"lists{n_src}{levels}"
        inputs = {"speech.wsj0.path": wsj0.make(root, form=form), "lists": wsj0.make_lists(lists, n_src=n_src)}
        if levels:
            wsj0.make_levels(lists)
        (tmp_path / folder).mkdir()
        spec = Wsj0Mix.model_validate({"kind": "wsj0mix", "n_src": n_src, "executor": "local:1", **fields})
        prepare.run(spec, StageContext(tmp_path / folder, inputs))
        return Corpus(tmp_path / folder, roots_of(inputs))

    return run


def published(line: str, root: Path, part: str, *, rate: int, mode: str, levels: bool = True) -> list[np.ndarray]:
    """Speakers, then their sum."""
    words = line.split()
    stems = [Path(word).stem for word in words[::2]]
    index = index_wsj0(root)
    order = [Path(name).name for name in wsj0.UTTERANCES[part]]
    waves = []
    for stem, level_db in zip(stems, map(float, words[1::2]), strict=True):
        wave = read_audio(root / index[stem])[0][0]
        active = 0.001 * (order.index(stem) + 1) if levels else 10 ** (active_level_db(wave, sample_rate=16000) / 10)
        waves.append(resample_poly(wave, rate, 16000) / np.sqrt(active) * 10 ** (level_db / 20))
    length = (min if mode == "min" else max)(map(len, waves))
    waves = [np.pad(wave[:length], (0, max(0, length - len(wave)))) for wave in waves]
    waves.append(sum(waves))
    gain = max(1.0, *(np.abs(wave).max() for wave in waves)) / 0.9
    return [wave / gain for wave in waves]


@pytest.mark.parametrize(
    ("n_src", "rate", "mode", "levels"),
    [(2, 8000, "min", True), (2, 16000, "max", True), (3, 8000, "max", False), (3, 16000, "min", True)],
)
def test_files_are_those_of_the_published_arithmetic_up_to_one_step(
    make: Make, tmp_path: Path, n_src: int, rate: int, mode: str, levels: bool
) -> None:
    corpus = make(n_src=n_src, sample_rate=rate, mode=mode, levels=levels)
    count = 0
    for part in ("tr", "cv", "tt"):
        for line in (tmp_path / f"lists{n_src}{levels}" / f"mix_{n_src}_spk_{part}.txt").read_text().splitlines():
            words = line.split()
            name = "_".join(Path(word).stem if word.endswith(".wav") else word for word in words)
            folder = corpus.folder / f"{n_src}speakers" / f"wav{rate // 1000}k" / mode / part
            expected = published(line, tmp_path / "wsj0-wav", part, rate=rate, mode=mode, levels=levels)
            for signal, wave in zip([*(f"s{i + 1}" for i in range(n_src)), "mix"], expected, strict=True):
                got = soundfile.read(folder / signal / f"{name}.wav")[0]
                assert len(got) == len(wave)
                assert np.abs(got - wave).max() <= 1.1 * STEP
                count += 1
    assert count == 6 * (n_src + 1)


@pytest.mark.parametrize("form", ["sphere", "packed"])
def test_the_discs_themselves_give_the_same(make: Make, form: str) -> None:
    wav, discs = make("a"), make("b", form=form)
    for one, other in zip(wav.mixtures("test"), discs.mixtures("test"), strict=True):
        assert one.id == other.id
        np.testing.assert_array_equal(wav.signal(one, "mix_clean"), discs.signal(other, "mix_clean"))


def test_added_up_when_read_the_samples_are_those_of_the_files(make: Make) -> None:
    disk, fly = make("disk"), make("fly", mixtures="on_the_fly")
    for one, other in zip(disk.mixtures("train"), fly.mixtures("train"), strict=True):
        for name in ("s1", "s2", "mix_clean"):
            np.testing.assert_array_equal(disk.signal(one, name), fly.signal(other, name))


def test_speakers_parts_and_licence_are_noted(make: Make) -> None:
    corpus = make()
    assert {who for mixture in corpus.mixtures("test") for who in mixture.speakers} == {"445", "22g", "442"}
    facts = json.loads((corpus.folder / "corpus.json").read_text())
    assert facts["speech"]["wsj0"]["non_commercial"] is True
    assert facts["mixtures"]["wsj0-2mix"]["parts"]["valid"]["mixtures"] == 2


def test_missing_utterances_are_counted_and_where_to_buy_them_is_said(make: Make, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    lists = wsj0.make_lists(tmp_path / "lists")
    spec = Wsj0Mix(kind="wsj0mix")
    with pytest.raises(InputError, match=r"9 of 9 utterances are missing") as caught:
        prepare.run(spec, StageContext(tmp_path, {"speech.wsj0.path": tmp_path / "empty", "lists": lists}))
    assert "LDC93S6A" in caught.value.hint


def test_a_list_for_other_numbers_of_speakers_is_refused(make: Make, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"mix_2_spk_tr\.txt:1: expected 2 paths"):
        wsj0.make_lists(tmp_path / "lists2True", n_src=3)
        for path in (tmp_path / "lists2True").glob("mix_3*"):
            path.rename(path.with_name(path.name.replace("_3_", "_2_")))
        inputs = {"speech.wsj0.path": tmp_path, "lists": tmp_path / "lists2True"}
        prepare.run(Wsj0Mix(kind="wsj0mix"), StageContext(tmp_path, inputs))


def test_several_numbers_of_speakers_make_one_corpus(tmp_path: Path) -> None:
    root, lists = wsj0.make(tmp_path / "wsj0"), tmp_path / "lists"
    for n_src in (2, 3):
        wsj0.make_lists(lists, n_src=n_src)
    inputs = {"speech.wsj0.path": root, "lists": lists}
    (tmp_path / "made").mkdir()
    prepare.run(Wsj0Mix(n_src=2, also=(3,), executor="local:1"), StageContext(tmp_path / "made", inputs))
    corpus = Corpus(tmp_path / "made", roots_of(inputs))
    for part in ("train", "valid", "test"):
        counts = [len(mixture.speakers) for mixture in corpus.mixtures(part)]
        assert sorted(counts) == [2, 2, 3, 3]
        for mixture in corpus.mixtures(part):
            assert f"s{len(mixture.speakers)}" in mixture.signals
            assert f"s{len(mixture.speakers) + 1}" not in mixture.signals
    assert list(corpus.facts()["mixtures"]) == ["wsj0-mix"]
