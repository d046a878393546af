"""AVSpeech as its recipe leaves it: {train,val}.csv, voices, mixtures, and embeddings of faces."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from corpora.signals import voice, write


def make(root: Path, *, frames: int = 16000, dim: int = 512) -> Path:
    """Make two mixtures a list, of one second at 16 kHz and 25 video frames a second."""
    (root / "embed").mkdir(parents=True)
    for part in ("train", "val"):
        lines = ["video_1,video_2,audio_1,audio_2,mixed_audio"]
        for number in range(2):
            people = [f"{part}{number}x", f"{part}{number}y"]
            voices = {f"{name}_part{i}": voice(7 * number + i, frames) / 4 for i, name in enumerate(people)}
            for name, wave in voices.items():
                write(root / "audio" / f"{name}.wav", wave, subtype="PCM_16")
                face = np.random.default_rng(len(name) + number).standard_normal((frames * 25 // 16000, dim))
                np.save(root / "embed" / f"{name}.npy", face.astype(np.float32))
            write(root / "mixed" / f"{part}{number}.wav", sum(voices.values()), subtype="PCM_16")
            audio = [f"/a/audio/{name}.wav" for name in voices]
            lines.append(",".join([*(f"v/{name}.mp4" for name in people), *audio, f"/a/mixed/{part}{number}.wav"]))
        (root / f"{part}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root
