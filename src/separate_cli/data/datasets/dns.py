"""DNS Challenge: noisy speech, its clean speech, its noise, read from the recipe's JSON file.

    file_infos.json = {name: {"mix": path, "clean": path, "noise": path}} --> (mixture, speech, noise), (time) each

Source: Reddy et al., "The INTERSPEECH 2020 Deep Noise Suppression Challenge", 2020.
Checked: tests/data/datasets/test_files.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from separate_cli.audio.reader import read_audio
from separate_cli.data.datasets.json_lists import read_json
from separate_cli.data.datasets.notices import notices

__all__ = ["DNSDataset"]


class DNSDataset(Dataset[tuple[Tensor, Tensor, Tensor]]):
    """Whole files of the DNS Challenge.

    Args:
        json_dir: Folder of ``file_infos.json``.

    Raises:
        InputError: If it cannot be read.
    """

    dataset_name = "DNS"

    def __init__(self, json_dir: Path | str) -> None:
        self.json_dir = Path(json_dir)
        self.mix_infos: dict[str, dict[str, str]] = read_json(self.json_dir / "file_infos.json")
        self.wav_ids = list(self.mix_infos)

    def __len__(self) -> int:
        return len(self.wav_ids)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, Tensor]:
        """Mixture, clean speech, noise: ``(time)`` each."""
        paths = self.mix_infos[self.wav_ids[index]]
        mixture, clean, noise = (
            torch.from_numpy(read_audio(Path(paths[name]))[0][0]) for name in ("mix", "clean", "noise")
        )
        return mixture, clean, noise

    def get_infos(self) -> dict[str, Any]:
        """``dataset``, ``task`` and ``licenses``, for checkpoints."""
        return {"dataset": self.dataset_name, "task": "enhancement", "licenses": notices("dns")}
