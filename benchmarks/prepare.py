"""LibriMix from its lists, per core: ours against the published arithmetic in plain NumPy, SciPy and soundfile.

python benchmarks/prepare.py

Both read the same invented FLAC files and write the same six files a mixture, in this process, in turns.
"""

from __future__ import annotations

import csv
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import numpy as np
import soundfile
from scipy.signal import resample_poly

from corpora import librimix as lists
from corpora import librispeech, wham_noise
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.corpora.librimix import LibriMix
from separate_cli.stages import prepare

ROWS, ROUNDS, SECONDS = 12, 5, 12


def published(sources: dict[str, Path], out: Path, *, rate: int) -> None:
    """The script's arithmetic: read, gain, resample, cut to the shortest, add, write."""
    with (sources["lists"] / "libri2mix_dev-clean.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        paths = [sources["speech.librispeech.path"] / row[f"source_{i}_path"] for i in (1, 2)]
        speech = [soundfile.read(path, dtype="float32")[0] for path in paths]
        longest = max(map(len, speech))
        noise = soundfile.read(sources["noise.wham_noise.path"] / row["noise_path"], dtype="float32", stop=longest)[0][
            :, 0
        ]
        fade = np.hanning(16001)
        while len(noise) < longest:
            seam = noise[-8001:] * fade[8000::-1] + noise[:8001] * fade[:8001]
            noise = np.concatenate([noise[:-8001], seam, noise[8001:]])
        gains = [float(row["source_1_gain"]), float(row["source_2_gain"]), float(row["noise_gain"])]
        waves = [
            resample_poly(wave * gain, rate, 16000)
            for wave, gain in zip([*speech, noise[:longest]], gains, strict=True)
        ]
        s1, s2, noise = (wave[: min(map(len, waves))] for wave in waves)
        mixed = {
            "s1": s1,
            "s2": s2,
            "noise": noise,
            "mix_clean": s1 + s2,
            "mix_both": s1 + s2 + noise,
            "mix_single": s1 + noise,
        }
        for name, wave in mixed.items():
            (out / name).mkdir(parents=True, exist_ok=True)
            soundfile.write(out / name / f"{row['mixture_ID']}.wav", wave, rate)


def ours(sources: dict[str, Path], out: Path, *, rate: int) -> None:
    out.mkdir()
    spec = LibriMix(kind="librimix", executor="local:1", sample_rate=rate, subsets={"dev-clean": "valid"})
    prepare.run(spec, StageContext(out, sources))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        subsets = {"dev-clean": [str(speaker) for speaker in range(100, 108)]}
        speech = librispeech.make(root / "LibriSpeech", subsets=subsets, takes=2, frames=16000 * SECONDS)
        noise = wham_noise.make(root / "wham_noise", frames=16000 * SECONDS // 2)
        sources = {
            "speech.librispeech.path": speech,
            "noise.wham_noise.path": noise,
            "lists": lists.make(root / "lists", speech, noise, rows=ROWS),
        }
        for rate in (8000, 16000):
            times: dict[str, list[float]] = {"published": [], "ours": []}
            for turn in range(ROUNDS + 1):
                for name, make in (("published", published), ("ours", ours)):
                    started = time.perf_counter()
                    make(sources, root / f"{name}{rate}{turn}", rate=rate)
                    times[name].append((time.perf_counter() - started) / ROWS)
            best = {name: min(found[1:]) for name, found in times.items()}  # the first turn warms up
            print(
                f"{rate} Hz: published {1000 * best['published']:.1f} ms a mixture, ours {1000 * best['ours']:.1f} ms, "
                f"{best['published'] / best['ours']:.2f} times as fast"
            )


if __name__ == "__main__":
    main()
