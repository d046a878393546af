"""MiniLibriMix in small: the true folders and lists, invented voices."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

RATE = 8000


def make(root: Path, *, train: int = 5, val: int = 2, n_src: int = 2, frames: int = 6000, audio: str = ".wav") -> Path:
    """Write ``root/MiniLibriMix`` with so many mixtures of about ``frames`` samples; the folder of its lists.

    Beyond the true one, it has ``mix_single``, and its lists are in different orders.
    """
    lists = root / "MiniLibriMix" / "metadata"
    lists.mkdir(parents=True)
    for part, count in (("train", train), ("val", val)):
        rows: dict[str, list[str]] = {"mix_clean": [], "mix_both": [], "mix_single": []}
        sources = [f"s{i + 1}" for i in range(n_src)]
        for number in range(count):
            rng = np.random.default_rng([number, len(part)])
            n = frames + 100 * number
            name = "_".join(f"{1000 + 10 * number + i}-{i}-000{number}" for i in range(n_src))
            waves = {source: rng.uniform(0.05, 0.2) * _voice(n, rng) for source in sources}
            waves["noise"] = 0.02 * rng.standard_normal(n)
            waves["mix_clean"] = sum(waves[source] for source in sources)
            waves["mix_both"] = waves["mix_clean"] + waves["noise"]
            waves["mix_single"] = waves["s1"] + waves["noise"]
            paths = {}
            for signal, wave in waves.items():
                paths[signal] = f"MiniLibriMix/{part}/{signal}/{name}{audio}"
                (root / paths[signal]).parent.mkdir(parents=True, exist_ok=True)
                soundfile.write(root / paths[signal], wave, RATE)
            for kind, kept in rows.items():
                columns = [name, paths[kind], *(paths[source] for source in sources), paths["noise"], str(n)]
                kept.insert(0 if kind == "mix_both" else len(kept), ",".join(columns))
        header = ",".join(["mixture_ID", "mixture_path", *(f"source_{i + 1}_path" for i in range(n_src))])
        for kind, kept in rows.items():
            text = "\n".join([f"{header},noise_path,length", *kept, ""])
            (lists / f"mixture_{part}_{kind}.csv").write_text(text, encoding="utf-8")
    return lists


def _voice(n: int, rng: np.random.Generator) -> np.ndarray:
    phase = 2 * np.pi * np.cumsum(rng.uniform(90, 220) * (1 + 0.1 * np.sin(np.arange(n) / 900))) / RATE
    return sum(np.sin(k * phase) / k for k in range(1, 12)) / 2 + 0.02 * rng.standard_normal(n)
