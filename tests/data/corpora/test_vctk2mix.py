"""VCTK-2Mix: silence is cut as the official script cuts it, then it is mixed as LibriMix is."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from scipy.signal import resample_poly

from corpora import wham_noise
from corpora.signals import voice, write
from separate_cli.data.corpora.vctk2mix import speech_start
from separate_cli.data.corpus import Corpus
from separate_cli.data.mixing import roots_of
from separate_cli.errors import InputError
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.corpora.vctk2mix import Vctk2Mix
from separate_cli.stages import prepare


@pytest.fixture
def sources(tmp_path: Path) -> dict[str, Path]:
    for number, name in enumerate(("p225_001", "p226_002")):
        quiet = 1e-4 * np.random.default_rng(number).standard_normal(9000 + 3000 * number)
        wave = np.concatenate([quiet, voice(number, 30000, rate=48000)])
        write(tmp_path / "VCTK" / "wav48" / name[:4] / f"{name}.wav", wave, 48000)
    noise = wham_noise.make(tmp_path / "noise", frames=12000)
    (tmp_path / "lists").mkdir()
    with (tmp_path / "lists" / "VCTK2mix_VCTK_md.csv").open("w") as stream:
        table = csv.writer(stream)
        columns = ["mixture_ID", "source_1_path", "source_1_gain", "source_2_path", "source_2_gain"]
        table.writerow([*columns, "noise_path", "noise_gain"])
        paths = [f"wav16_cut/{name}.wav" for name in ("p225_001", "p226_002")]
        noise_name = sorted((noise / "tt").iterdir())[0].name
        table.writerow(["p225_001_p226_002", paths[0], 0.7, paths[1], 1.2, f"tt/{noise_name}", 0.9])
    return {
        "speech.vctk.path": tmp_path / "VCTK",
        "noise.wham_noise.path": noise,
        "lists": tmp_path / "lists",
    }


def make(folder: Path, inputs: dict[str, Path], **fields: Any) -> Corpus:
    folder.mkdir()
    spec = Vctk2Mix(executor="local:1", **fields)
    prepare.run(spec, StageContext(folder, inputs))
    return Corpus(folder, roots_of(inputs))


def test_the_silence_before_the_speech_is_cut_by_whole_frames() -> None:
    wave = np.concatenate([np.zeros(10000), 0.5 * np.ones(20000)]).astype(np.float32)
    start = speech_start(wave)
    assert start % 512 == 0 and 10000 - 1024 <= start <= 10000


def test_mixtures_are_those_of_the_published_arithmetic_up_to_one_step(
    sources: dict[str, Path], tmp_path: Path
) -> None:
    corpus = make(tmp_path / "made", sources)
    (mixture,) = corpus.mixtures("test")
    assert mixture.speakers == ("p225", "p226")
    cut = []
    for name, gain in (("p225_001", 0.7), ("p226_002", 1.2)):
        wave = soundfile.read(sources["speech.vctk.path"] / "wav48" / name[:4] / f"{name}.wav")[0]
        voiced = resample_poly(wave[speech_start(wave.astype(np.float32)) :], 16000, 48000)
        soundfile.write(tmp_path / "cut.wav", voiced, 16000)
        cut.append(resample_poly(soundfile.read(tmp_path / "cut.wav")[0] * gain, 8000, 16000))
    length = min(map(len, cut))
    assert mixture.frames == length
    got = corpus.signal(mixture, "mix_clean")[0]
    assert np.abs(got - cut[0][:length] - cut[1][:length]).max() <= 3 / 32768  # each source was rounded once, too


def test_what_the_official_script_has_cut_is_taken_as_it_is(sources: dict[str, Path], tmp_path: Path) -> None:
    ours = make(tmp_path / "ours", sources)
    (tmp_path / "ours" / "wav16_cut").rename(sources["speech.vctk.path"] / "wav16_cut")
    theirs = make(tmp_path / "theirs", sources)
    one, other = ours.mixtures("test")[0], theirs.mixtures("test")[0]
    np.testing.assert_array_equal(ours.signal(one, "mix_both"), theirs.signal(other, "mix_both"))
    assert not (tmp_path / "theirs" / "wav16_cut").exists()


def test_missing_speech_is_named(sources: dict[str, Path], tmp_path: Path) -> None:
    (sources["speech.vctk.path"] / "wav48" / "p225" / "p225_001.wav").unlink()
    with pytest.raises(InputError, match=r"1 of 2 utterances are missing .*wav16_cut/p225_001\.wav"):
        make(tmp_path / "made", sources)
