"""DNS Challenge, FUSS, LibriVAD: lists of whole files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from separate_cli.data import DNSDataset, FUSSDataset, LibriVADDataset
from separate_cli.errors import InputError


def write(path: Path, frames: int, seed: int = 0, rate: int = 16000) -> np.ndarray:
    soundfile.write(path, 0.1 * np.random.default_rng(seed).standard_normal(frames), rate)
    return soundfile.read(path, dtype="float32")[0]


def test_dns_items_are_mixture_speech_and_noise(tmp_path: Path) -> None:
    waves = [write(tmp_path / f"{name}.wav", 800, seed) for seed, name in enumerate(("mix", "clean", "noise"))]
    row = {name: str(tmp_path / f"{name}.wav") for name in ("noise", "clean", "mix")}
    (tmp_path / "file_infos.json").write_text(json.dumps({"7": row}), encoding="utf-8")
    examples = DNSDataset(tmp_path)
    assert len(examples) == 1
    for found, expected in zip(examples[0], waves, strict=True):
        np.testing.assert_array_equal(found, expected)
    assert examples.get_infos()["licenses"][0]["non_commercial"]  # CC BY-NC


def test_fuss_sounds_that_are_not_there_are_silent(tmp_path: Path) -> None:
    waves = {name: write(tmp_path / f"{name}.wav", 900, seed) for seed, name in enumerate(("mix", "bg", "fg0", "fg1"))}
    lines = [["mix", "bg", "fg0", "fg1"], ["mix", "bg"]]
    text = "\n".join("\t".join(str(tmp_path / f"{name}.wav") for name in line) for line in lines)
    (tmp_path / "list.txt").write_text(text + "\n", encoding="utf-8")
    mixture, sources, background = FUSSDataset(tmp_path / "list.txt", return_bg=True)[0]
    np.testing.assert_array_equal(mixture, waves["mix"])
    np.testing.assert_array_equal(sources, np.stack([waves["fg0"], waves["fg1"], np.zeros(900, np.float32)]))
    np.testing.assert_array_equal(background, waves["bg"])
    mixture, sources = FUSSDataset(tmp_path / "list.txt")[1]
    assert sources.shape == (3, 900) and not sources.any() and sources.dtype == torch.float32


def test_fuss_lines_with_too_few_or_too_many_files_are_named(tmp_path: Path) -> None:
    for line, count in (("a", 1), ("a\tb\tc\td\te\tf", 6)):
        (tmp_path / "list.txt").write_text(f"m\tb\n{line}\n", encoding="utf-8")
        with pytest.raises(InputError, match=rf"list\.txt:2: expected 2 to 5 paths .* got {count}"):
            FUSSDataset(tmp_path / "list.txt")


def test_voice_activity_is_that_of_the_segment(tmp_path: Path) -> None:
    wave = write(tmp_path / "a.wav", 8000, rate=8000)
    expected = np.zeros(8000, np.float32)
    expected[1000:3000] = expected[5000:5500] = 1
    row = {"mixture_path": str(tmp_path / "a.wav"), "VAD": {"start": [1000, 5000], "stop": [3000, 5500]}}
    (tmp_path / "vad.json").write_text(json.dumps([row]), encoding="utf-8")
    whole, activity = LibriVADDataset(tmp_path / "vad.json", segment=None)[0]
    np.testing.assert_array_equal(whole, wave)
    np.testing.assert_array_equal(activity[0], expected)
    seen = set()
    for _ in range(8):
        part, activity = LibriVADDataset(tmp_path / "vad.json", segment=0.25)[0]
        start = next(i for i in range(6001) if np.array_equal(wave[i : i + 2000], part))
        np.testing.assert_array_equal(activity, expected[None, start : start + 2000])
        seen.add(start)
    assert len(seen) > 5
    padded, activity = LibriVADDataset(tmp_path / "vad.json", segment=1.5)[0]
    np.testing.assert_array_equal(padded[:8000], wave)
    np.testing.assert_array_equal(activity[0, :8000], expected)
    assert not padded[8000:].any() and not activity[:, 8000:].any() and activity.shape == (1, 12000)
