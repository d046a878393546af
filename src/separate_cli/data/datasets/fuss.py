"""FUSS: up to three sounds of any kind before a background, read from the recipe's list of files.

    mix TAB bg TAB fg0 [TAB fg1 [TAB fg2]] --> (mixture (time), foreground sounds (3, time)[, background (time)])

Source: Wisdom et al., "What's all the FUSS about free universal sound separation data?", ICASSP 2021.
Checked: tests/data/datasets/test_files.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from separate_cli.audio.reader import read_audio
from separate_cli.data.datasets.notices import notices
from separate_cli.errors import InputError

__all__ = ["FUSSDataset"]


class FUSSDataset(Dataset[tuple[Tensor, ...]]):
    """Whole mixtures of FUSS: 10 s at 16 kHz.

    Args:
        file_list_path: One mixture a line: paths of mixture, background and its foreground sounds, with tabs between.
        return_bg: Whether items end with the background.

    Raises:
        InputError: If the list cannot be read.
    """

    dataset_name = "FUSS"
    n_src = max_n_fg = 3
    sample_rate = 16000

    def __init__(self, file_list_path: Path | str, return_bg: bool = False) -> None:
        self.return_bg = return_bg
        path = Path(file_list_path)
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise InputError(f"Cannot read {path}: {error.strerror}.", hint="Check the path.") from error
        self.rows = [[name for name in line.split("\t") if name] for line in lines if line]
        for number, row in enumerate(self.rows, start=1):
            if not 2 <= len(row) <= 2 + self.max_n_fg:
                raise InputError(
                    f"{path}:{number}: expected 2 to {2 + self.max_n_fg} paths with tabs between, got {len(row)}.",
                    hint="Each line names mixture, background, and up to three foreground sounds.",
                )

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> tuple[Tensor, ...]:
        """Mixture ``(time)``, foreground sounds ``(3, time)``, silent where there are fewer, and the background."""
        heard, behind, *before = self.rows[index]
        mixture = _mono(heard)
        sources = torch.stack([*map(_mono, before), *[torch.zeros_like(mixture)] * (self.max_n_fg - len(before))])
        return (mixture, sources, _mono(behind)) if self.return_bg else (mixture, sources)

    def get_infos(self) -> dict[str, Any]:
        """``dataset``, ``task`` and ``licenses``, for checkpoints."""
        return {"dataset": self.dataset_name, "task": "sep_noisy", "licenses": notices("fuss")}


def _mono(path: str) -> Tensor:
    return torch.from_numpy(read_audio(Path(path))[0][0])
