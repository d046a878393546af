"""MUSDB18-HQ's true layout: {train,test}/TRACK/{mixture,drums,bass,other,vocals}.wav, stereo, 44.1 kHz."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from corpora.signals import hiss, write

STEMS = ("drums", "bass", "other", "vocals")
SONGS = {"train": ("A Band - A Song", "B Band - B Song", "ANiMAL - Rockshow"), "test": ("C Band - Last Song",)}


def make(root: Path, *, seconds: float = 1.2) -> Path:
    """Make songs, one of which everybody validates on."""
    for part, songs in SONGS.items():
        for number, song in enumerate(songs):
            stems = {stem: hiss(7 * number + i, round(seconds * 44100), 2) / 3 for i, stem in enumerate(STEMS)}
            for stem, wave in {**stems, "mixture": np.sum(list(stems.values()), axis=0)}.items():
                write(root / part / song / f"{stem}.wav", wave, 44100, subtype="PCM_16")
    return root
