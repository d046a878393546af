"""Values of the reference programs on real audio, and real speech through the real recogniser."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from separate_cli.metrics import PocketSphinx, WERTracker, evaluate, word_errors
from separate_cli.metrics.bss import bss_eval
from separate_cli.metrics.music import bss_eval_images

pytestmark = pytest.mark.acceptance

SOURCES = ["Source to Distortion", "Source to Interference", "Source to Artifact"]
SPOKEN = {
    "LJ001-0001": "Printing, in the only sense with which we are at present concerned, differs from most if not from "
    "all the arts and crafts represented in the Exhibition",
    "LJ001-0002": "in being comparatively modern.",
}
IMAGES = ["Source to Distortion", "Image to Spatial", "Source to Interference", "Source to Artifact"]


def fixture(real_audio: Path, number: int) -> tuple[dict[str, Any], np.ndarray, np.ndarray]:
    """Expected values, references and estimates of one fixture of mir_eval; stereo files count as their mean."""
    folder = real_audio / "metrics" / "mir_eval_bss"
    expected = json.loads((folder / f"output{number:02}.json").read_text("utf-8"))
    waves = [
        np.stack(
            [
                soundfile.read(path, always_2d=True)[0].mean(axis=1)
                for path in sorted((folder / f"{kind}{number:02}").glob("*.wav"))
            ]
        )
        for kind in ("ref", "est")
    ]
    return expected, waves[0], waves[1]


def frames(samples: int, expected: dict[str, Any]) -> list[slice]:
    window, hop = int(expected["win"]), int(expected["hop"])
    return [slice(start, start + window) for start in range(0, samples - window + 1, hop)]


def several_channels(waves: np.ndarray, count: int, gain: float) -> np.ndarray:
    return np.stack([waves, *[gain * waves] * (count - 1)], axis=1)


@pytest.mark.parametrize("number", [1, 2, 3, 5, 6, 7, 8, 9])
def test_sources_whole_and_by_frame_are_those_of_mir_eval(real_audio: Path, number: int) -> None:
    expected, references, estimates = fixture(real_audio, number)
    orders = [list(order) for order in permutations(range(len(references)))]
    best = max(orders, key=lambda order: bss_eval(estimates[order], references)[1].mean())
    whole = expected["Sources"]
    assert best == whole["Source permutation"]
    np.testing.assert_allclose(bss_eval(estimates[best], references), [whole[name] for name in SOURCES], atol=1e-3)
    by_frame = expected["Framewise"]
    slices = frames(references.shape[1], by_frame)
    scores = np.stack([bss_eval(estimates[:, part], references[:, part]) for part in slices], axis=-1)
    np.testing.assert_allclose(scores, [by_frame[name] for name in SOURCES], atol=1e-3)


@pytest.mark.parametrize("number", [1, 2, 3, 5, 6, 7, 8, 9])
def test_images_whole_and_by_frame_are_those_of_mir_eval(real_audio: Path, number: int) -> None:
    """All channels of a fixture are copies of one, so the Gram matrix is singular."""
    expected, references, estimates = fixture(real_audio, number)
    whole = expected["Images"]
    clean = several_channels(references, whole["nchan"], 1.0)
    heard = several_channels(estimates, whole["nchan"], whole["gain"])[whole["Source permutation"]]
    np.testing.assert_allclose(bss_eval_images(heard, clean)[..., 0], [whole[name] for name in IMAGES], atol=1e-3)
    by_frame = expected["Images Framewise"]
    clean = several_channels(references, by_frame["nchan"], 1.0)
    heard = several_channels(estimates, by_frame["nchan"], by_frame["gain"])
    first = frames(references.shape[1], by_frame)[0]
    scores = bss_eval_images(heard[..., first], clean[..., first])[..., 0]
    np.testing.assert_allclose(scores, [np.array(by_frame[name])[:, 0] for name in IMAGES], atol=1e-3)


def test_pesq_has_its_published_values(real_audio: Path) -> None:
    noisy, rate = soundfile.read(real_audio / "metrics" / "pesq" / "speech_bab_0dB.wav")
    clean, _ = soundfile.read(real_audio / "metrics" / "pesq" / "speech.wav")
    row = evaluate(noisy, clean, sample_rate=rate, metrics=["pesq_wb", "pesq_nb"], errors="raise").as_row()
    assert row["pesq_wb"] == pytest.approx(1.0832337, abs=1e-6)
    assert row["pesq_nb"] == pytest.approx(1.6072081, abs=1e-6)


def test_real_mixtures_score_as_with_mir_eval_and_pystoi(real_audio: Path) -> None:
    goldens = json.loads((Path(__file__).parent / "goldens" / "real.json").read_text("utf-8"))
    mixtures = real_audio / "mixtures"
    names = ["sdr", "sir", "sar", "stoi", "estoi"]
    assert len(goldens) == 10
    for key, expected in goldens.items():
        if key.startswith("2mix"):
            folder, index = mixtures / "speechbrain_2mix", key[-1]
            mixture, rate = soundfile.read(folder / f"mixture_{index}.wav")
            clean = np.stack([soundfile.read(folder / f"source{source}_{index}.wav")[0] for source in (1, 2)])
            estimates = clean + 0.2 * clean[::-1] + 0.01 * mixture[::-1]
        else:
            clean, rate = soundfile.read(mixtures / "voicebank_demand" / "clean" / f"{key}.wav")
            estimates, _ = soundfile.read(mixtures / "voicebank_demand" / "noisy" / f"{key}.wav")
            mixture = estimates
        result = evaluate(estimates, clean, mixture, sample_rate=rate, metrics=names, errors="raise")
        np.testing.assert_allclose([result[name].output for name in names[:3]], expected["bss"], atol=1e-4)
        if "bss_input" in expected:  # the SAR of a noise-free mixture is rounding noise, at 250 dB
            found = [result[name].input for name in names[:2]]
            np.testing.assert_allclose(found, expected["bss_input"][:2], atol=1e-4)
        for name in ("stoi", "estoi"):
            np.testing.assert_allclose(result[name].output, expected[name], atol=1e-6)


def test_pocketsphinx_hears_read_speech_at_any_rate_and_level(real_audio: Path) -> None:
    truth = SPOKEN["LJ001-0001"]
    speech, rate = soundfile.read(real_audio / "LJSpeech-1.1" / "wavs" / "LJ001-0001.flac")
    assert word_errors(truth, PocketSphinx()(speech, rate)).rate < 0.2
    assert word_errors(truth, PocketSphinx()(0.003 * speech, rate)).rate < 0.2
    assert PocketSphinx()(np.zeros(16000), 16000) == ""


def test_noise_raises_the_word_error_rate_and_the_tracker_tells(real_audio: Path) -> None:
    tracker = WERTracker()
    noise = np.random.default_rng(0)
    for name, text in SPOKEN.items():
        speech, rate = soundfile.read(real_audio / "LJSpeech-1.1" / "wavs" / f"{name}.flac")
        hiss = speech.std() * noise.standard_normal(len(speech))
        tracker(speech + 0.05 * hiss, speech, speech + 2 * hiss, sample_rate=rate, transcripts=[text], key=name)
    report = tracker.final_report()
    assert report["clean_wer"] < 0.25
    assert report["clean_wer"] <= report["wer"] < 0.7
    assert report["input_wer"] > 0.8
