"""WHAM! against a plain restatement of the published arithmetic; WHAMR! against what rooms must do."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from scipy.signal import resample_poly

from corpora import wsj0
from separate_cli.data.corpora.arrays import read_arrays
from separate_cli.data.corpora.whamr import Room, responses
from separate_cli.data.corpus import Corpus
from separate_cli.data.mixing import roots_of
from separate_cli.errors import RefusedError
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.corpora.wham import Wham, Whamr
from separate_cli.stages import prepare

Make = Callable[..., Corpus]
SUMS = {"mix_clean": ("s1", "s2"), "mix_both": ("s1", "s2", "noise"), "mix_single": ("s1", "noise")}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("wham")
    wsj0.make_wham(root / "scripts", root / "noise")
    return {
        "speech.wsj0.path": wsj0.make(root / "wsj0"),
        "noise.wham_noise.path": root / "noise",
        "levels": root / "noise" / "metadata",
        "lists": root / "scripts",
    }


@pytest.fixture
def make(sources: dict[str, Path], tmp_path: Path) -> Make:
    def run(kind: type[Wham | Whamr], folder: str = "made", **fields: Any) -> Corpus:
        (tmp_path / folder).mkdir()
        prepare.run(kind(executor="local:1", **fields), StageContext(tmp_path / folder, sources))
        return Corpus(tmp_path / folder, roots_of(sources))

    return run


def published(sources: dict[str, Path], part: str, *, rate: int, mode: str) -> dict[str, dict[str, np.ndarray]]:
    """File → signal → samples, as the official script has them."""
    scaling = np.load(sources["levels"] / f"scaling_{part}.npz", allow_pickle=True)
    with (sources["lists"] / f"mix_2_spk_filenames_{part}.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    key, found = f"{rate // 1000}k_{mode}", {}
    for i, row in enumerate(rows):

        def load(path: Path, gain: float) -> np.ndarray:
            wave = soundfile.read(path, always_2d=True)[0][:, 0]
            return resample_poly(wave, rate, 16000) * gain

        speech = [
            np.round(
                32768
                * load(sources["speech.wsj0.path"] / row[f"s{k + 1}_path"][5:], scaling[f"scaling_wsjmix_{key}"][i][k])
            )
            / 32768
            * scaling[f"scaling_wham_speech_{key}"][i]
            for k in (0, 1)
        ]
        noise = load(
            sources["noise.wham_noise.path"] / part / row["output_filename"], scaling[f"scaling_wham_noise_{key}"][i]
        )
        start = int(scaling["speech_start_sample_16k"][i]) * rate // 16000
        if mode == "min":
            length = min(map(len, speech))
            signals = {f"s{k + 1}": wave[:length] for k, wave in enumerate(speech)}
            signals["noise"] = noise[start : start + length]
        else:
            signals = {f"s{k + 1}": np.zeros_like(noise) for k in (0, 1)} | {"noise": noise}
            for k, wave in enumerate(speech):
                signals[f"s{k + 1}"][start : start + len(wave)] = wave
        found[row["output_filename"]] = signals | {
            name: sum(signals[member] for member in members) for name, members in SUMS.items()
        }
    return found


@pytest.mark.parametrize(("rate", "mode"), [(8000, "min"), (8000, "max"), (16000, "min")])
def test_wham_has_the_published_samples_up_to_one_step(
    make: Make, sources: dict[str, Path], rate: int, mode: str
) -> None:
    corpus, count = make(Wham, sample_rate=rate, mode=mode), 0
    for part in ("tr", "cv", "tt"):
        for file, signals in published(sources, part, rate=rate, mode=mode).items():
            for name, expected in signals.items():
                path = corpus.folder / f"wav{rate // 1000}k" / mode / part / name / file
                got = soundfile.read(path)[0]
                assert soundfile.info(path).subtype == "FLOAT"
                assert len(got) == len(expected)
                assert np.abs(got - expected).max() < 1.1 / 32768
                count += 1
    assert count == 6 * 6


@pytest.mark.parametrize("mode", ["min", "max"])
def test_wham_added_up_when_read_has_the_samples_of_the_files(make: Make, mode: str) -> None:
    disk, fly = make(Wham, "disk", mode=mode), make(Wham, "fly", mode=mode, mixtures="on_the_fly")
    for one, other in zip(disk.mixtures("train"), fly.mixtures("train"), strict=True):
        for name in ("s1", "s2", "noise", *SUMS):
            np.testing.assert_array_equal(disk.signal(one, name), fly.signal(other, name))


ROOM = Room((4.0, 5.0, 2.6), (2.0, 2.4, 1.6), (2.2, 2.4, 1.6), (1.0, 1.5, 1.5), (3.0, 3.5, 1.7), 0.3)


def test_the_direct_sound_comes_when_it_must_and_the_room_dies_away_in_time() -> None:
    direct, whole = responses(ROOM, reverberant=False), responses(ROOM, reverberant=True)
    delays = [[int(np.argmax(np.abs(one))) for one in by_source] for by_source in direct]
    for mic, place in enumerate((ROOM.left, ROOM.right)):
        for source, speaker in enumerate((ROOM.s1, ROOM.s2)):
            metres = np.linalg.norm(np.subtract(place, speaker))
            expected = metres / 343 * 16000
            assert delays[mic][source] - delays[0][0] == pytest.approx(
                expected - np.linalg.norm(np.subtract(ROOM.left, ROOM.s1)) / 343 * 16000, abs=1.5
            )
    energy = np.cumsum(whole[0][0][::-1] ** 2)[::-1]
    decay_db = 10 * np.log10(energy / energy[0] + 1e-12)
    from_5, to_25 = (int(np.argmax(decay_db < level)) for level in (-5, -25))
    assert 0.1 < 3 * (to_25 - from_5) / 16000 < 0.3  # the label is for absorption of the energy


@pytest.mark.parametrize(("mode", "channels"), [("min", 1), ("max", 2)])
def test_whamr_keeps_the_levels_of_wham_adds_a_tail_and_adds_up(make: Make, mode: str, channels: int) -> None:
    dry, wet = make(Wham, "wham", mode=mode), make(Whamr, "whamr", mode=mode, channels=channels)
    for one, other in zip(dry.mixtures("test"), wet.mixtures("test"), strict=True):
        assert one.frames == other.frames and one.speakers == other.speakers
        signal = {name: wet.signal(other, name) for name in other.signals}
        assert {wave.shape for wave in signal.values()} == {(channels, one.frames)}
        if mode == "max":
            level = np.sum(dry.signal(one, "s1")[0] ** 2) / np.sum(signal["s1_anechoic"][0] ** 2)
            assert level == pytest.approx(1, abs=0.02)
        np.testing.assert_array_equal(signal["s1"], signal["s1_anechoic"])
        np.testing.assert_allclose(signal["noise"][0], dry.signal(one, "noise")[0], atol=1e-6)
        for suffix in ("_anechoic", "_reverb"):
            for name, members in SUMS.items():
                parts = [signal[member if member == "noise" else member + suffix] for member in members]
                np.testing.assert_allclose(signal[name + suffix], sum(parts), atol=1e-6)
        tail = signal["s1_reverb"][0] - signal["s1_anechoic"][0]
        assert 0.05 < np.std(tail) / np.std(signal["s1_anechoic"][0]) < 5


class Trap:
    """Runs a command when it is unpickled."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, ("touch trapped",)


def test_arrays_that_would_run_code_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    trap = np.empty(1, dtype=object)
    trap[0] = Trap()
    np.savez(tmp_path / "trap.npz", utterance_id=trap)
    with pytest.raises(RefusedError, match=r"wants to call (posix|nt)\.system"):
        read_arrays(tmp_path / "trap.npz")
    assert not (tmp_path / "trapped").exists()


def test_arrays_of_text_and_numbers_are_read(tmp_path: Path) -> None:
    np.savez(
        tmp_path / "a.npz", text=np.array(["x.wav", "longer.wav"], dtype=object), fixed=np.array(["a"]), gain=[0.5]
    )
    found = read_arrays(tmp_path / "a.npz")
    assert found["text"].tolist() == ["x.wav", "longer.wav"]
    assert found["fixed"].tolist() == ["a"] and found["gain"].tolist() == [0.5]
