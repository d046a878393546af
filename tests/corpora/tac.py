"""TAC's true layout: {train,validation,test}/{2,3}mic/sampleN/{mixture,spk1,spk2,noise}_micK.wav."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from corpora.signals import hiss, voice, write


def make(root: Path, *, frames: int = 6000, rate: int = 16000) -> Path:
    """Make recordings of two and three microphones; every microphone hears its own level."""
    for part in ("train", "validation", "test"):
        for microphones in (2, 3):
            for sample in range(2):
                folder = root / part / f"{microphones}mic" / f"sample{sample + 1}"
                seed = 10 * sample + microphones + len(part)
                waves = {
                    "spk1": voice(seed, frames),
                    "spk2": voice(seed + 1, frames),
                    "noise": hiss(seed, frames)[:, 0] / 4,
                }
                waves["mixture"] = sum(waves.values())
                for name, wave in waves.items():
                    for number in range(1, microphones + 1):
                        levelled = np.rint(32768 * wave / (1 + number)) / 32768
                        write(folder / f"{name}_mic{number}.wav", levelled, rate, subtype="PCM_16")
    return root
