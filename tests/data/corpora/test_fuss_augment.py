"""New mixtures of FUSS: loudness, places, rooms and sums."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyloudnorm
import pytest

from corpora.signals import hiss, voice, write
from separate_cli.data.corpora.loudness import loudness_lufs
from separate_cli.data.corpus import Corpus
from separate_cli.data.mixing import roots_of
from separate_cli.data.tasks import signals_of
from separate_cli.errors import InputError
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.corpora.fuss_augment import FussAugment
from separate_cli.stages import prepare


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("fuss")
    for number in range(2):
        write(root / "fsd" / "train" / "sound" / f"long{number}.wav", hiss(number, 40000), 16000)
        write(root / "fsd" / "train" / "sound" / f"short{number}.wav", voice(number, 9000 + 4000 * number), 16000)
    for room in range(2):
        for name in ("background0_sound", "foreground0_sound", "foreground1_sound", "foreground2_sound"):
            response = 0.001 * hiss(room, 800)[:, 0]
            response[50 + room] = 0.1
            write(root / "rir" / "train" / f"rirs_{room}" / f"{name}.wav", response, 16000, subtype="FLOAT")
    return root


def make(folder: Path, data: Path, **fields: Any) -> Corpus:
    folder.mkdir()
    wish = {
        "executor": "local:1",
        "sounds": {"fsd_data": {"path": data / "fsd"}},
        "rooms": {"rir_data": {"path": data / "rir"}},
        "seconds": 2,
        "n_train": 6,
        "n_valid": 0,
        "background_lufs": -30.0,
        **fields,
    }
    spec = FussAugment.model_validate(wish)
    inputs = {name: path for name, (path, _) in spec.sources().items()}
    prepare.run(spec, StageContext(folder, inputs))
    return Corpus(folder, roots_of(inputs))


def test_sounds_have_their_loudness_and_add_up(data: Path, tmp_path: Path) -> None:
    corpus = make(tmp_path / "made", data, rooms=None, snr_db=6)
    mixtures = corpus.mixtures("train")
    assert len(mixtures) == 6 and len({len(mixture.signals) for mixture in mixtures}) > 1
    for mixture in mixtures:
        wave = {name: corpus.signal(mixture, name)[0].astype(np.float64) for name in mixture.signals}
        names = signals_of(mixture, "sep_sounds")[1]
        assert {len(one) for one in wave.values()} == {32000} and names[0] == "bg"
        assert pyloudnorm.Meter(16000).integrated_loudness(wave["bg"]) == pytest.approx(-30, abs=0.1)
        for name in names[1:]:
            heard = np.trim_zeros(wave[name])
            assert loudness_lufs(heard, sample_rate=16000) == pytest.approx(-24, abs=1.5)
        assert np.abs(wave["mixture"] - sum(wave[name] for name in names)).max() < (len(names) + 1) / 32768


def test_rooms_are_those_of_numpys_convolution(data: Path, tmp_path: Path) -> None:
    import soundfile

    dry = make(tmp_path / "dry", data, rooms=None, most_sounds=0, n_train=2, background_lufs=-40.0)
    wet = make(tmp_path / "wet", data, most_sounds=0, n_train=2, background_lufs=-40.0)
    responses = [soundfile.read(path)[0] for path in sorted((data / "rir").rglob("background0*.wav"))]
    for one, other in zip(dry.mixtures("train"), wet.mixtures("train"), strict=True):
        before, after = dry.signal(one, "bg")[0], wet.signal(other, "bg")[0]
        found = [np.abs(np.convolve(before, 10 * response, "same") - after).max() for response in responses]
        assert min(found) < 4e-4  # the dry sound was rounded to 16 bits


def test_the_same_seed_gives_the_same_mixtures(data: Path, tmp_path: Path) -> None:
    first, again = make(tmp_path / "a", data, n_train=2), make(tmp_path / "b", data, n_train=2)
    for one, other in zip(first.mixtures("train"), again.mixtures("train"), strict=True):
        np.testing.assert_array_equal(first.signal(one, "mixture"), again.signal(other, "mixture"))


def test_missing_sounds_and_rooms_say_what_to_download(data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="0 sounds longer") as caught:
        make(tmp_path / "a", data, n_train=0, n_valid=1)
    assert "fsd-data" in caught.value.hint
    with pytest.raises(InputError, match="no rooms") as caught:
        make(tmp_path / "b", data, rooms={"rir_data": {"path": data / "fsd"}})
    assert "rir-data" in caught.value.hint


def test_silence_has_no_loudness_and_a_click_has_some() -> None:
    assert loudness_lufs(np.zeros(16000), sample_rate=16000) == float("-inf")
    assert np.isfinite(loudness_lufs(np.array([0.5, -0.5]), sample_rate=16000))
