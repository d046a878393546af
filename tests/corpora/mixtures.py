"""A prepared folder of invented mixtures, without any corpus behind it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from separate_cli.data.mixtures import Mixture, Piece, write_mixtures

RATE = 8000
FRAMES = 2400


def make(
    folder: Path, counts: list[int], *, channels: int = 1, part: str = "test", facts: dict[str, Any] | None = None
) -> dict[str, Path]:
    """Write a mixture for each count of sources, the sum of files; the inputs of a stage after ``prepare``."""
    rng = np.random.default_rng(0)
    mixtures = []
    for number, count in enumerate(counts):
        names = [f"s{source + 1}" for source in range(count)]
        signals: dict[str, Any] = {}
        for name in (*names, "noise"):
            path = folder / "wav" / f"{number}-{name}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            tone = np.sin(np.arange(FRAMES)[:, None] * rng.uniform(0.1, 2.0))
            wave = (0.1 if name != "noise" else 0.02) * (tone + 0.3 * rng.standard_normal((FRAMES, channels)))
            soundfile.write(path, wave, RATE, subtype="FLOAT")
            signals[name] = Piece(path.relative_to(folder).as_posix())
        signals |= {"mix_clean": tuple(names), "mix_both": (*names, "noise"), "mix_single": ("s1", "noise")}
        speakers = tuple(f"p{number}{source}" for source in range(count))
        mixtures.append(Mixture(f"m{number}", part, RATE, FRAMES, signals, speakers=speakers, facts=facts or {}))
    write_mixtures(folder / "mixtures.jsonl", mixtures)
    return {"prepare": folder}
