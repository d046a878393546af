"""LibriVAD's true layout: {train,dev,test}.json with paths and voice activity, and the files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from corpora.signals import hiss, voice, write


def make(root: Path, *, frames: int = 8000, rate: int = 8000) -> Path:
    """Make two noisy recordings a part, with a pause in each."""
    for part in ("train", "dev", "test"):
        rows = []
        for number in range(2):
            times = {"start": [1000, 5000], "stop": [3000, 7000 + 100 * number]}
            speaks = np.zeros(frames)
            for start, stop in zip(times["start"], times["stop"], strict=True):
                speaks[start:stop] = 1
            wave = voice(number, frames, rate=rate) * speaks + hiss(number, frames)[:, 0] / 10
            write(root / part / f"{part}{number}.wav", wave / 2, rate, subtype="PCM_16")
            rows.append({"mixture_path": f"/far/away/{part}/{part}{number}.wav", "VAD": times})
        (root / f"{part}.json").write_text(json.dumps(rows), encoding="utf-8")
    return root
