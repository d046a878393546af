"""LibriSpeech's true layout: SUBSET/SPEAKER/CHAPTER/SPEAKER-CHAPTER-NUMBER.flac, 16 kHz."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from corpora.signals import voice, write

SUBSETS: Mapping[str, Sequence[str]] = {
    "train-clean-100": ("103", "1034", "26"),
    "dev-clean": ("84", "174"),
    "test-clean": ("61", "121"),
}


def make(root: Path, *, subsets: Mapping[str, Sequence[str]] = SUBSETS, takes: int = 2, frames: int = 9000) -> Path:
    """Make a tiny LibriSpeech; each utterance has its own length, some samples over ``frames``, and its own words."""
    number = 0
    for subset, speakers in subsets.items():
        for speaker in speakers:
            for take in range(takes):
                number += 1
                name = f"{speaker}-7-{take:04}.flac"
                write(root / subset / speaker / "7" / name, voice(int(speaker) + take, frames + 997 * (number % 7)))
            lines = (f"{speaker}-7-{take:04} SPEAKER {speaker} TAKE {take}\n" for take in range(takes))
            (root / subset / speaker / "7" / f"{speaker}-7.trans.txt").write_text("".join(lines))
    return root
