"""wsj0-mix and Kinect-WSJ: speakers of WSJ0, dry and as a Kinect hears them, read from the JSON lists of the recipes.

    {mix,s1,s2,...}.json = [[path, samples], ...] --Wsj0mixDataset-----> (mixture (time), sources (source, time))
                         --KinectWsjMixDataset--> (mixture (time, channel), sources (source, time, channel), noise)

Source: Hershey et al., "Deep clustering", ICASSP 2016; Sivasankaran et al., "Analyzing the impact of speaker
    localization errors on speech separation for automatic speech recognition", EUSIPCO 2020.
Checked: tests/data/datasets/test_wsj0_mix.py.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from separate_cli.data.datasets.json_lists import mixtures_of_lists
from separate_cli.data.datasets.segments import MixtureSet
from separate_cli.data.mixtures import Mixture, Piece
from separate_cli.data.sampling import Draw

__all__ = ["KinectWsjMixDataset", "Wsj0mixDataset"]


class Wsj0mixDataset(MixtureSet):
    """Mixtures of wsj0-mix and their sources.

    Args:
        json_dir: Folder of ``mix.json``, ``s1.json`` and so on.
        n_src: Number of sources.
        sample_rate: Of the files, in Hz.
        segment: Seconds of an item, cut at random; shorter mixtures are left out. None: whole mixtures.

    Raises:
        InputError: If the lists are missing or damaged, or name files that are not there.
    """

    dataset_name = "wsj0-mix"

    def __init__(
        self, json_dir: Path | str, n_src: int = 2, sample_rate: int = 8000, segment: float | None = 4.0
    ) -> None:
        self.json_dir, self.n_src = Path(json_dir), n_src
        self._names = ["mixture", *(f"s{i + 1}" for i in range(n_src))]
        mixtures = mixtures_of_lists(
            self.json_dir,
            {"mixture": "mix", **{name: name for name in self._names[1:]}},
            sample_rate=sample_rate,
        )
        super().__init__(self.complete(mixtures), sample_rate=sample_rate, segment=segment)

    def complete(self, mixtures: list[Mixture]) -> list[Mixture]:
        """Add signals that have no list."""
        return mixtures

    def __getitem__(self, index: Draw | int) -> tuple[Tensor, ...]:
        """Mixture ``(time)`` and sources ``(source, time)``."""
        mixture, start, frames = self.draw(index)
        return self.read_pair(mixture, self._names[1:], start, frames)

    @classmethod
    def loaders(
        cls,
        train_dir: Path | str,
        valid_dir: Path | str,
        *,
        batch_size: int = 4,
        num_workers: int = 0,
        **kwargs: Any,
    ) -> tuple[DataLoader[Any], DataLoader[Any]]:
        """Loaders to train on, in another order each epoch, and to validate on.

        Args:
            train_dir: Folder of the lists to train on.
            valid_dir: Folder of the lists to validate on.
            batch_size: Examples a batch.
            num_workers: Processes that read.
            kwargs: Further arguments of the data set.
        """
        train, valid = (cls(folder, **kwargs) for folder in (train_dir, valid_dir))
        options: dict[str, Any] = {"batch_size": batch_size, "num_workers": num_workers}
        return DataLoader(train, shuffle=True, drop_last=True, **options), DataLoader(valid, **options)

    def get_infos(self) -> dict[str, Any]:
        """``dataset``, ``task`` and ``licenses``, for checkpoints."""
        return self.infos("wsj0", task="sep_clean")


class KinectWsjMixDataset(Wsj0mixDataset):
    """Mixtures as the microphones of a Kinect hear them, their sources, and the noise.

    The noise is where the mixtures are, in a folder ``noise`` beside theirs.
    """

    dataset_name = "Kinect-WSJ"

    def __init__(
        self, json_dir: Path | str, n_src: int = 2, sample_rate: int = 16000, segment: float | None = 4.0
    ) -> None:
        super().__init__(json_dir, n_src=n_src, sample_rate=sample_rate, segment=segment)

    def complete(self, mixtures: list[Mixture]) -> list[Mixture]:
        """Add the noise."""
        return [
            replace(mixture, signals={**mixture.signals, "noise": Piece(_noise_of(mixture).as_posix())})
            for mixture in mixtures
        ]

    def __getitem__(self, index: Draw | int) -> tuple[Tensor, ...]:
        """Mixture ``(time, channel)``, sources ``(source, time, channel)``, noise ``(time, channel)``."""
        mixture, start, frames = self.draw(index)
        waves = [torch.from_numpy(self.read(mixture, name, start, frames).T) for name in [*self._names, "noise"]]
        return waves[0], torch.stack(waves[1:-1]), waves[-1]

    def get_infos(self) -> dict[str, Any]:
        """``dataset``, ``task`` and ``licenses``, for checkpoints."""
        return self.infos("wsj0", "chime5", task="sep_clean")


def _noise_of(mixture: Mixture) -> Path:
    piece = mixture.signals["mixture"]
    path = Path(piece.path if isinstance(piece, Piece) else "")
    return path.parent.parent / "noise" / path.name
