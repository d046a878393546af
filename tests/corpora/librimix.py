"""LibriMix's official lists: libri2mix_SUBSET.csv with paths and gains."""

from __future__ import annotations

import csv
from itertools import permutations
from pathlib import Path

import numpy as np

_NOISE = {"train-clean-100": "tr", "train-clean-360": "tr", "dev-clean": "cv", "test-clean": "tt"}


def make(folder: Path, librispeech: Path, wham_noise: Path, *, n_src: int = 2, rows: int = 3) -> Path:
    """Make lists of mixtures of different speakers of a tiny LibriSpeech; some train noises are sped up."""
    folder.mkdir(parents=True, exist_ok=True)
    for subset in sorted(path.name for path in librispeech.iterdir()):
        rng = np.random.default_rng(len(subset))
        spoken = sorted(path.relative_to(librispeech).as_posix() for path in (librispeech / subset).rglob("*.flac"))
        pairs = [said for said in permutations(spoken, n_src) if len({path.split("/")[1] for path in said}) == n_src]
        noises = sorted(path.name for path in (wham_noise / _NOISE[subset]).glob("*.wav"))
        with (folder / f"libri{n_src}mix_{subset}.csv").open("w", newline="") as stream:
            table = csv.writer(stream)
            table.writerow(
                ["mixture_ID"]
                + [f"source_{i}_{what}" for i in range(1, n_src + 1) for what in ("path", "gain")]
                + ["noise_path", "noise_gain"]
            )
            for row in range(min(rows, len(pairs))):
                said = pairs[row * len(pairs) // rows]
                noise = noises[row % len(noises)]
                if subset.startswith("train") and row:
                    noise = noise.replace(".wav", "sp08.wav" if row % 2 else "sp12.wav")
                fields = [field for path in said for field in (path, repr(float(rng.uniform(0.3, 1.8))))]
                name = "_".join(Path(path).stem for path in said)
                table.writerow([name, *fields, f"{_NOISE[subset]}/{noise}", repr(float(rng.uniform(0.3, 1.8)))])
    return folder
