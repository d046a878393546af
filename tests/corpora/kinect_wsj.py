"""Kinect-WSJ's true layout: {tr,cv,tt}/{mix,s1,s2,noise}/ID.wav, four channels, 16 kHz."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from corpora.signals import hiss, voice, write

NAMES = ("01to030v_0.76421_20ga010m_-0.76421", "40ec020o_1.5_01to030v_-1.5", "20ga010m_0.2_40ec020o_-0.2")


def make(root: Path, *, frames: int = 8000) -> Path:
    """Make three mixtures a part."""
    for part in ("tr", "cv", "tt"):
        for number, name in enumerate(NAMES):
            waves = {
                "s1": np.tile(voice(number, frames)[:, None], (1, 4)) / 4,
                "s2": np.tile(voice(number + 5, frames)[:, None], (1, 4)) / 4,
                "noise": hiss(number, frames, 4) / 8,
            }
            for signal, wave in {**waves, "mix": sum(waves.values())}.items():
                write(root / part / signal / f"{name}.wav", wave, subtype="PCM_16")
    return root
