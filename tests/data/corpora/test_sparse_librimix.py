"""SparseLibriMix against a plain restatement of the published arithmetic."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyloudnorm
import pytest
import soundfile
from scipy.signal import resample_poly

from corpora import librispeech, wham_noise
from separate_cli.data.corpus import Corpus
from separate_cli.data.mixing import roots_of
from separate_cli.errors import InputError
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.corpora.sparse_librimix import SparseLibriMix
from separate_cli.stages import prepare


@pytest.fixture
def sources(tmp_path: Path) -> dict[str, Path]:
    speech = librispeech.make(tmp_path / "LibriSpeech", subsets={"test-clean": ("61", "121")}, frames=16000)
    noise = wham_noise.make(tmp_path / "noise", frames=30000)

    def piece(speaker: str, take: int, start: float, level: float) -> dict[str, Any]:
        file = f"{speaker}/7/{speaker}-7-{take:04}.flac"
        times = {"start": start, "orig_start": 0.1, "orig_stop": 0.8}
        return {"file": file, "spk_id": speaker, "lvl": level, "source": "s", **times}

    row = {
        "mixture_name": "mix_0000001",
        "s1": [piece("61", 0, 0.0, -29.0), piece("61", 1, 0.9, -31.5)],
        "s2": [piece("121", 0, 0.4, -27.0)],
        "noise": [
            {
                "file": "tt0_0.5_x_-0.5.wav",
                "start": 0,
                "orig_start": 0.05,
                "orig_stop": 1.6,
                "lvl": -33.0,
                "source": "noise",
                "channel": 1,
            }
        ],
    }
    path = tmp_path / "lists" / "sparse_2_0.2" / "metadata.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps([row]))
    return {"speech.librispeech.path": speech, "noise.wham_noise.path": noise, "lists": tmp_path / "lists"}


def make(folder: Path, inputs: dict[str, Path], **fields: Any) -> Corpus:
    folder.mkdir()
    spec = SparseLibriMix(executor="local:1", overlaps=("0.2",), **fields)
    prepare.run(spec, StageContext(folder, inputs))
    return Corpus(folder, roots_of(inputs))


@pytest.mark.parametrize("rate", [16000, 8000])
def test_files_are_those_of_the_published_arithmetic_up_to_one_step(
    sources: dict[str, Path], tmp_path: Path, rate: int
) -> None:
    corpus = make(tmp_path / "made", sources, sample_rate=rate)
    (row,) = json.loads((sources["lists"] / "sparse_2_0.2" / "metadata.json").read_text())
    signals: dict[str, np.ndarray] = {}
    for name in ("s1", "s2", "noise"):
        for one in row[name]:
            root = sources["noise.wham_noise.path"] / "tt" if name == "noise" else sources["speech.librispeech.path"]
            path = root / one["file"] if name == "noise" else root / "test-clean" / one["file"]
            span = {"start": int(one["orig_start"] * 16000), "stop": int(one["orig_stop"] * 16000)}
            wave = soundfile.read(path, **span)[0]
            wave = wave[:, one["channel"]] if wave.ndim > 1 else wave
            wave = wave - np.mean(wave)
            wave = resample_poly(wave, rate, 16000) if rate != 16000 else wave
            loudness = pyloudnorm.Meter(rate, block_size=0.1).integrated_loudness(wave)
            wave = pyloudnorm.normalize.loudness(wave, loudness, one["lvl"])
            placed = np.zeros(4 * rate)
            placed[int(one["start"] * rate) :][: len(wave)] = wave
            signals[name] = signals.get(name, 0) + placed
    signals["mix_clean"] = signals["s1"] + signals["s2"]
    signals["mix_noisy"] = signals["mix_clean"] + signals["noise"]
    for name, expected in signals.items():
        got = soundfile.read(corpus.folder / "sparse_2_0.2" / name / "sparse_2_0.2_mix_0000001.wav")[0]
        assert np.abs(got - expected[: len(got)]).max() <= 1.1 / 32768
        assert not np.any(expected[len(got) :])
    (mixture,) = corpus.mixtures("test")
    assert mixture.facts == {"overlap": 0.2} and mixture.speakers == ("61", "121")


def test_without_noise_there_is_none(sources: dict[str, Path], tmp_path: Path) -> None:
    corpus = make(tmp_path / "made", sources, noise=None)
    assert corpus.mixtures("test")[0].signals.keys() == {"s1", "s2", "mix_clean"}


def test_another_json_file_is_refused(sources: dict[str, Path], tmp_path: Path) -> None:
    (sources["lists"] / "sparse_2_0.2" / "metadata.json").write_text('[{"a": 1}]')
    with pytest.raises(InputError, match="no list of SparseLibriMix"):
        make(tmp_path / "made", sources)
