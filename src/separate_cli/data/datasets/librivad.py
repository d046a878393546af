"""LibriVAD: noisy speech and when somebody speaks, read from the recipe's JSON file.

    [{"mixture_path": path, "VAD": {"start": [...], "stop": [...]}}, ...] --> (wave (time), activity (1, time))

Source: github.com/asteroid-team/Libri_VAD.
Differs from Asteroid: the file is read once; files shorter than a segment end in silence.
Checked: tests/data/datasets/test_files.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from separate_cli.audio.reader import read_chosen
from separate_cli.data.augment import fit_length
from separate_cli.data.datasets.json_lists import read_json
from separate_cli.data.datasets.notices import notices
from separate_cli.data.datasets.segments import random_below

__all__ = ["LibriVADDataset"]


class LibriVADDataset(Dataset[tuple[Tensor, Tensor]]):
    """Recordings and their voice activity.

    Args:
        md_file_path: The JSON file.
        sample_rate: Of the files, in Hz.
        segment: Seconds of an item, cut at random; None: whole files.

    Raises:
        InputError: If the JSON file cannot be read.
    """

    dataset_name = "LibriVAD"

    def __init__(self, md_file_path: Path | str, sample_rate: int = 8000, segment: float | None = 3) -> None:
        self.md_filepath, self.sample_rate, self.segment = Path(md_file_path), sample_rate, segment
        self.seg_len = None if segment is None else int(segment * sample_rate)
        self.md: list[dict[str, Any]] = read_json(self.md_filepath)

    def __len__(self) -> int:
        return len(self.md)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """Recording ``(time)``, and 1 where somebody speaks, else 0, ``(1, time)``."""
        row = self.md[index]
        begin = 0

        def choose(_: int, total: int) -> tuple[int, int]:
            nonlocal begin
            if self.seg_len is None:
                return 0, total
            begin = random_below(max(1, total - self.seg_len + 1))
            return begin, self.seg_len

        wave = read_chosen(Path(row["mixture_path"]), choose)[0][0]
        wave = wave if self.seg_len is None else fit_length(wave, self.seg_len)
        activity = torch.zeros(1, len(wave))
        for start, stop in zip(row["VAD"]["start"], row["VAD"]["stop"], strict=True):
            activity[:, max(0, start - begin) : max(0, stop - begin)] = 1
        return torch.from_numpy(wave), activity

    def get_infos(self) -> dict[str, Any]:
        """``dataset``, ``task`` and ``licenses``, for checkpoints."""
        corpora = ("librivad", "librispeech", "dns")
        return {"dataset": self.dataset_name, "task": "vad", "licenses": notices(*corpora)}
