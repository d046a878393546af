"""FUSS's true layout: ssdata_reverb/{train,validation,eval}/exampleN.wav, and what it is made of.

exampleN_sources/{background0,foregroundK}_sound.wav
"""

from __future__ import annotations

from pathlib import Path

from corpora.signals import hiss, voice, write


def make(root: Path, *, frames: int = 8000) -> Path:
    """Make examples of none to three sounds before a background."""
    for part in ("train", "validation", "eval"):
        for number in range(4):
            name = f"example{number:05}"
            sounds = {f"foreground{i}": voice(10 * number + i, frames) for i in range(number)}
            sounds["background0"] = hiss(number, frames)[:, 0]
            folder = root / "ssdata_reverb" / part
            for sound, wave in sounds.items():
                write(folder / f"{name}_sources" / f"{sound}_sound.wav", wave / 4, subtype="PCM_16")
            write(folder / f"{name}.wav", sum(sounds.values()) / 4, subtype="PCM_16")
    return root
