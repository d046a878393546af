"""Folders of invented signals, and the JSON lists that the recipes of WHAM! and wsj0-mix write of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

Signals = dict[str, list[np.ndarray]]


@pytest.fixture
def signals(tmp_path: Path) -> Signals:
    """Six mixtures of WHAMR!'s kind: files ``tmp_path/SIGNAL/NUMBER.wav``, lists ``tmp_path/lists/SIGNAL.json``."""
    return write_signals(tmp_path, channels=1)


def write_signals(root: Path, *, channels: int, rate: int = 8000) -> Signals:
    rng = np.random.default_rng(0)
    waves: Signals = {}
    for number in range(6):
        shape = (3000 + 500 * number, channels)
        s1, s2, noise = (0.1 * rng.standard_normal(shape) for _ in range(3))
        echo = [np.roll(wave, 40, axis=0) for wave in (s1, s2)]
        these = {
            **{"s1": s1, "s2": s2, "noise": noise, "s1_anechoic": s1, "s2_anechoic": s2},
            **{"mix": s1 + s2, "mix_clean": s1 + s2, "mix_both": s1 + s2 + noise, "mix_single": s1 + noise},
            **{"mix_clean_anechoic": s1 + s2, "mix_both_anechoic": s1 + s2 + noise},
            **{"mix_clean_reverb": sum(echo), "mix_both_reverb": sum(echo) + noise},
        }
        for name, wave in these.items():
            path = root / name / f"{number}.wav"
            path.parent.mkdir(exist_ok=True)
            soundfile.write(path, wave, rate)
            waves.setdefault(name, []).append(soundfile.read(path, dtype="float32", always_2d=True)[0].T)
    (root / "lists").mkdir()
    for name, files in waves.items():
        rows = [[str(root / name / f"{number}.wav"), wave.shape[1]] for number, wave in enumerate(files)]
        (root / "lists" / f"{name}.json").write_text(json.dumps(rows), encoding="utf-8")
    return waves
