"""DAMP-VSEP's true layout, with the lists of DAMP-VSEP-Singles: metadata/{train_singles,valid,test}_sr16000.json."""

from __future__ import annotations

import json
from pathlib import Path

from corpora.signals import hiss, voice, write


def make(root: Path, *, frames: int = 16000) -> Path:
    """Make two performances a part."""
    (root / "metadata").mkdir(parents=True)
    for part in ("train_singles", "valid", "test"):
        rows = {}
        for number in range(2):
            name = f"{part}_{number}"
            write(root / "sung" / f"{name}.wav", voice(number, frames) / 3, subtype="PCM_16")
            write(root / "played" / f"{name}.wav", hiss(number, frames)[:, 0] / 3, subtype="PCM_16")
            starts = {"vocal_start": 0.05, "background_start": 0.1}
            rows[name] = {
                "vocal": f"sung/{name}.wav",
                "background": f"played/{name}.wav",
                "original_mix": "none.wav",
                "scaler": 0.5,
                "duration": 0.8,
                **starts,
            }
        (root / "metadata" / f"{part}_sr16000.json").write_text(json.dumps(rows), encoding="utf-8")
    return root
