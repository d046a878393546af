"""WHAM!'s noise in its true layout: {tr,cv,tt}/NAME.wav, 16 kHz, stereo."""

from __future__ import annotations

from pathlib import Path

from corpora.signals import hiss, write

PARTS = ("tr", "cv", "tt")


def make(root: Path, *, count: int = 2, frames: int = 10000) -> Path:
    """Make a tiny folder of noise; some files are shorter than an utterance, some longer."""
    for part in PARTS:
        for number in range(count):
            write(root / part / f"{part}{number}_0.5_x_-0.5.wav", hiss(number, frames + 4001 * number, channels=2))
    return root
