"""Evaluation of stems: by name, medians over tracks, as SiSEC does."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from separate_cli.data.mixtures import Mixture, Piece, write_mixtures
from separate_cli.hub.loading import load_model
from separate_cli.metrics.music import bss_eval_images
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.evaluation.separation import MusicEval
from separate_cli.stages import eval as evaluation

STEMS = ("vocals", "drums", "bass", "other")
RATE, FRAMES = 2000, 5000


@pytest.fixture
def tracks(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    folder = tmp_path / "prepared"
    mixtures = []
    for track in range(3):
        (folder / f"{track}").mkdir(parents=True)
        signals: dict[str, Piece | tuple[str, ...]] = {"mixture": STEMS}
        for stem in STEMS:
            soundfile.write(
                folder / f"{track}" / f"{stem}.wav", 0.1 * rng.standard_normal((FRAMES, 2)), RATE, subtype="FLOAT"
            )
            signals[stem] = Piece(f"{track}/{stem}.wav")
        mixtures.append(Mixture(f"track {track}", "test", RATE, FRAMES, signals))
    write_mixtures(folder / "mixtures.jsonl", mixtures)
    return folder


def test_a_row_a_stem_and_the_median_over_frames_and_tracks(
    tracks: Path, save: Callable[..., dict[str, Path]], tmp_path: Path
) -> None:
    stems = list(STEMS[::-1])  # the model's own order
    trained = save(
        "XUMX", sources=stems, window_length=256, in_chan=256, n_hop=64, hidden_size=8, nb_layers=1, sample_rate=RATE
    )
    asked = MusicEval(metrics=("sdr_v4", "sar_v4"), device="cpu", workers=1, saved_examples=1)
    (tmp_path / "out").mkdir()
    evaluation.run(asked, StageContext(tmp_path / "out", {"prepare": tracks, **trained}))
    rows = list(csv.DictReader((tmp_path / "out" / "results.csv").read_text().splitlines()))
    scores = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert [(row["key"], row["stem"]) for row in rows[:5]] == [
        *(("track 0", stem) for stem in stems),
        ("track 1", "other"),
    ]

    model = load_model(trained["train"]).model
    medians = []
    for track in range(3):
        waves = np.stack([soundfile.read(tracks / f"{track}" / f"{stem}.wav", always_2d=True)[0].T for stem in stems])
        estimates = model.separate(waves.sum(0)[None].astype(np.float32))[0]
        frames = bss_eval_images(estimates.astype(float), waves, window_samples=RATE)[0]  # (stem, frame)
        assert frames.shape == (4, 2)
        medians.append(np.median(frames, axis=1))
        found = [float(row["sdr_v4"]) for row in rows if row["key"] == f"track {track}"]
        np.testing.assert_allclose(found, medians[-1], atol=0.01)
    assert scores["headline"] == {
        f"{stem}_sdr_v4": pytest.approx(np.median([median[i] for median in medians]), abs=0.01)
        for i, stem in enumerate(stems)
    }
    assert scores["table"]["columns"] == ["stem", "sdr_v4", "sar_v4", "tracks"]
    assert [row[0] for row in scores["table"]["rows"]] == stems
    assert soundfile.info(tmp_path / "out" / "examples" / "00" / "vocals_estimate.wav").channels == 2
