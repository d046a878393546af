"""DAMP-VSEP: karaoke singers, read from the JSON files of DAMP-VSEP-Singles.

    metadata/{split}_sr{rate}.json = {performance: {vocal, background, original_mix, starts, scaler, ...}}
    --> (mixture (time), vocal and background (source, time))

Source: Smule, "DAMP-VSEP", zenodo.org/records/3553059; github.com/groadabike/DAMP-VSEP-Singles.
Differs from Asteroid: a remix has the background also where only the vocal is wanted; all signals have the same length;
    files are read without librosa (M4A has to be converted first).
Checked: tests/data/datasets/test_damp_vsep.py.
"""

from __future__ import annotations

from collections.abc import Callable
from math import floor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from separate_cli.audio.reader import read_chosen
from separate_cli.audio.resample import resample
from separate_cli.data.augment import fit_length
from separate_cli.data.datasets.json_lists import read_json
from separate_cli.data.datasets.notices import notices
from separate_cli.errors import InputError

__all__ = ["DAMPVSEPSinglesDataset"]

Wave = NDArray[np.float32]

_TARGETS = {"enh_vocal": ("vocal",), "separation": ("vocal", "background")}


class DAMPVSEPSinglesDataset(Dataset[tuple[Tensor, Tensor]]):
    """Performances and their vocals, or vocals and background.

    Args:
        root_path: Folder of DAMP-VSEP.
        task: ``"enh_vocal"`` or ``"separation"``.
        split: ``"train_english"``, ``"train_singles"``, ``"valid"`` or ``"test"``.
        ex_per_track: Items of each performance.
        random_segments: Whether items are segments from anywhere.
        sample_rate: Wanted, in Hz.
        segment: Seconds of a random segment.
        norm: ``"song_level"``: minus the mean of the whole mixture, divided by its standard deviation; None.
        source_augmentations: Changes a source ``(time)``, given it and the sample rate.
        mixture: ``"original"``, with its effects, or ``"remix"``, the sum of vocal and background.
        metadata: Folder of the JSON files; None: ``metadata`` in the current folder, else in ``root_path``.

    Raises:
        InputError: If the JSON file cannot be read.
        ValueError: If an option is none of these.
    """

    dataset_name = "DAMP-VSEP"

    def __init__(  # noqa: PLR0917  the order that Asteroid's users know
        self,
        root_path: Path | str,
        task: str,
        split: str = "train_singles",
        ex_per_track: int = 1,
        random_segments: bool = False,
        sample_rate: int = 16000,
        segment: float | None = None,
        norm: str | None = None,
        source_augmentations: Callable[[Wave, int], Wave] | None = None,
        mixture: str = "original",
        *,
        metadata: Path | str | None = None,
    ) -> None:
        if task not in _TARGETS or mixture not in {"original", "remix"} or norm not in {None, "song_level"}:
            raise ValueError(f"Unknown task {task!r}, mixture {mixture!r} or norm {norm!r}.")
        if mixture == "original" and split == "train_english":
            raise ValueError("The part train_english has no original mixtures, only remixes.")
        if random_segments and segment is None:
            raise ValueError("Random segments need the length of a segment.")
        self.root_path, self.task, self.split = Path(root_path).expanduser(), task, split
        self.ex_per_track, self.random_segments, self.segment = ex_per_track, random_segments, segment
        self.sample_rate, self.norm, self.mixture = sample_rate, norm, mixture
        self.source_augmentations, self.target = source_augmentations, list(_TARGETS[task])
        places = [Path(metadata)] if metadata is not None else [Path("metadata"), self.root_path / "metadata"]
        name = f"{split}_sr{sample_rate}.json"
        found = next((place / name for place in places if (place / name).exists()), None)
        if found is None:
            raise InputError(f"There is no {name} in {places[-1]}.", hint="Get it from DAMP-VSEP-Singles.")
        self.tracks: dict[str, dict[str, Any]] = read_json(found)
        self.perf_key: list[str] = list(self.tracks)

    def __len__(self) -> int:
        return len(self.tracks) * self.ex_per_track

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """Mixture ``(time)`` and wanted sources ``(source, time)``."""
        track = self.tracks[self.get_track_name(index)]
        start, seconds = 0.0, floor(float(track["duration"]) * 100) / 100
        if self.random_segments and self.segment is not None:
            start = float(torch.rand(())) * max(0.0, float(track["duration"]) - self.segment)
            seconds = self.segment
        mean, std = 0.0, 1.0
        if self.norm == "song_level":
            prefix = "original_mix_" if self.mixture == "original" else ""
            mean, std = float(track[f"{prefix}mean"]), float(track[f"{prefix}std"])
        waves = {}
        for source in ("vocal", "background"):
            wave = self._load(track[source], start + float(track[f"{source}_start"]), seconds)
            wave = (wave * np.float32(track["scaler"]) if source == "vocal" else wave) - np.float32(mean)
            wave = wave / np.float32(std)
            waves[source] = self.source_augmentations(wave, self.sample_rate) if self.source_augmentations else wave
        if self.mixture == "remix":
            mixture = waves["vocal"] + waves["background"]
        else:
            mixture = self._load(track["original_mix"], start + float(track["background_start"]), seconds)
            mixture = (mixture - np.float32(mean)) / np.float32(std)
        return torch.from_numpy(mixture), torch.from_numpy(np.stack([waves[name] for name in self.target]))

    def get_track_name(self, index: int) -> str:
        """Name of the performance of an item."""
        return self.perf_key[index // self.ex_per_track]

    def get_infos(self) -> dict[str, Any]:
        """``dataset``, ``task`` and ``licenses``, for checkpoints."""
        return {"dataset": self.dataset_name, "task": self.task, "licenses": notices("damp-vsep")}

    def _load(self, path: str, start: float, seconds: float) -> Wave:
        """A stretch of a file, mono, at the wanted sample rate, ``(time)``."""
        wave, rate = read_chosen(self.root_path / path, lambda rate, _: (int(start * rate), int(seconds * rate)))
        mono = resample(wave.mean(axis=0, keepdims=True), rate, self.sample_rate)[0]
        return fit_length(mono, int(seconds * self.sample_rate))
