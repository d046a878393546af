"""Evaluation with faces: estimates keep their order, models without eyes are refused."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from corpora.mixtures import make
from separate_cli.data.mixtures import read_mixtures, write_mixtures
from separate_cli.errors import SpecError
from separate_cli.hub.loading import load_model
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.evaluation.separation import FacesEval
from separate_cli.stages import eval as evaluation

Inputs = dict[str, Path]
SIZES = {"face_dim": 4, "audio_chan": 2, "audio_out_chan": 2, "video_chan": 4, "hid_size": 8, "dense_size": 8}


@pytest.fixture
def mixtures(tmp_path: Path) -> Inputs:
    inputs = make(tmp_path / "prepared", [2, 2])
    folder = inputs["prepare"]
    for person in range(2):
        np.save(folder / f"{person}.npy", np.random.default_rng(person).standard_normal((8, 4)))
    rows = read_mixtures(folder / "mixtures.jsonl")
    write_mixtures(folder / "mixtures.jsonl", [replace(row, facts={"faces": ["0.npy", "1.npy"]}) for row in rows])
    return inputs


def snr(estimate: np.ndarray, reference: np.ndarray) -> float:
    return 10 * np.log10(np.sum(reference**2) / np.sum((estimate - reference) ** 2))


def test_each_face_is_held_to_its_own_voice(mixtures: Inputs, save: Callable[..., Inputs], tmp_path: Path) -> None:
    trained = save("LookingToListen", n_src=2, sample_rate=8000, **SIZES)
    (tmp_path / "out").mkdir()
    asked = FacesEval(metrics=("snr",), device="cpu", workers=1, saved_examples=1)
    evaluation.run(asked, StageContext(tmp_path / "out", {**mixtures, **trained}))
    model, folder = load_model(trained["train"]).model, mixtures["prepare"]
    faces = torch.from_numpy(np.stack([np.load(folder / f"{person}.npy") for person in range(2)])).float()
    for number, row in enumerate(csv.DictReader((tmp_path / "out" / "results.csv").read_text().splitlines())):
        voices = [soundfile.read(folder / "wav" / f"{number}-s{i}.wav", dtype="float32")[0] for i in (1, 2)]
        with torch.no_grad():
            estimates = model(torch.from_numpy(sum(voices)), faces).numpy()
        expected = np.mean([snr(e, v) for e, v in zip(estimates, voices, strict=True)])
        assert float(row["snr"]) == pytest.approx(expected, abs=0.05)


def test_a_model_that_sees_no_faces_is_refused(mixtures: Inputs, separator: Inputs, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="ConvTasNet sees no faces"):
        evaluation.run(FacesEval(device="cpu"), StageContext(tmp_path, {**mixtures, **separator}))
