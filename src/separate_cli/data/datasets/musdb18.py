"""MUSDB18: songs of four stems, mixed when they are read; stems of different songs on request.

    root/split/TRACK/{vocals,bass,drums,other}.wav --> (mixture (channel, time), stems by name or (stem, channel, time))

Source: Stöter et al., "The 2018 signal separation evaluation campaign", LVA/ICA 2018.
Differs from Asteroid: tracks are sorted; targets come in the order in which they are asked for; tracks as long as a
    segment are kept.
Checked: tests/data/datasets/test_musdb18.py.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils.data import Dataset

from separate_cli.audio.probe import probe
from separate_cli.audio.reader import read_audio
from separate_cli.data.datasets.notices import notices
from separate_cli.data.datasets.segments import random_below
from separate_cli.errors import InputError

__all__ = ["MUSDB18Dataset", "Track"]

STEMS = ("vocals", "bass", "drums", "other")


class Track(NamedTuple):
    """A folder of stems, and the length of the shortest one in samples."""

    path: Path
    frames: int


class MUSDB18Dataset(Dataset[tuple[Tensor, Any]]):
    """Songs and their stems.

    Args:
        root: Folder with ``train`` and ``test``.
        sources: Stems that make up the mixture; tracks that lack one are left out.
        targets: Stems that are wanted, stacked; None: all of them, by name.
        suffix: Of the files.
        split: Folder below ``root``.
        subset: Names of tracks; None: all.
        segment: Seconds of an item; shorter tracks are left out. None: whole tracks.
        samples_per_track: Items of each track.
        random_segments: Whether segments begin anywhere; else at the beginning.
        random_track_mix: Whether each stem comes from another track.
        source_augmentations: Changes a stem ``(channel, time)``.
        sample_rate: In Hz; tracks at another rate are left out.

    Attributes:
        tracks: What is used, sorted.

    Raises:
        InputError: If there is no usable track.
        ValueError: If random segments have no length, or a target is no source.
    """

    dataset_name = "MUSDB18"

    def __init__(  # noqa: PLR0917  the order that Asteroid's users know
        self,
        root: Path | str,
        sources: Sequence[str] = STEMS,
        targets: Sequence[str] | None = None,
        suffix: str = ".wav",
        split: str = "train",
        subset: Collection[str] | None = None,
        segment: float | None = None,
        samples_per_track: int = 1,
        random_segments: bool = False,
        random_track_mix: bool = False,
        source_augmentations: Callable[[Tensor], Tensor] = lambda audio: audio,
        sample_rate: int = 44100,
    ) -> None:
        if random_segments and segment is None:
            raise ValueError("Random segments need the length of a segment.")
        if strange := set(targets or ()) - set(sources):
            raise ValueError(f"Expected targets that are sources, got {', '.join(sorted(strange))}.")
        self.root, self.split, self.suffix, self.subset = Path(root).expanduser(), split, suffix, subset
        self.sources, self.targets = list(sources), None if targets is None else list(targets)
        self.segment, self.sample_rate, self.samples_per_track = segment, sample_rate, samples_per_track
        self.random_segments, self.random_track_mix = random_segments, random_track_mix
        self.source_augmentations = source_augmentations
        self.seg_len = None if segment is None else int(segment * sample_rate)
        self.tracks = self._find_tracks()

    def __len__(self) -> int:
        return len(self.tracks) * self.samples_per_track

    def __getitem__(self, index: int) -> tuple[Tensor, Any]:
        """Mixture ``(channel, time)``; stems by name, or the wanted ones ``(stem, channel, time)``."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        track = self.tracks[index // self.samples_per_track]
        place = self._place(track)
        stems: dict[str, Tensor] = {}
        for source in self.sources:
            if self.random_track_mix:
                track = self.tracks[random_below(len(self.tracks))]
                place = self._place(track)
            stems[source] = self.source_augmentations(self._read(track, source, *place))
        shortest = min(wave.shape[-1] for wave in stems.values())  # whole tracks of different songs
        stems = {source: wave[..., :shortest] for source, wave in stems.items()}
        mixture = torch.stack(list(stems.values())).sum(0)
        return mixture, stems if self.targets is None else torch.stack([stems[name] for name in self.targets])

    def get_infos(self) -> dict[str, Any]:
        """``dataset``, ``task`` and ``licenses``, for checkpoints."""
        return {"dataset": self.dataset_name, "task": "enhancement", "licenses": notices("musdb18")}

    def _place(self, track: Track) -> tuple[int, int]:
        """First sample and length of an excerpt of a track."""
        if self.seg_len is None:
            return 0, track.frames
        return random_below(track.frames - self.seg_len + 1) if self.random_segments else 0, self.seg_len

    def _read(self, track: Track, source: str, start: int, frames: int) -> Tensor:
        return torch.from_numpy(read_audio(track.path / f"{source}{self.suffix}", start=start, frames=frames)[0])

    def _find_tracks(self) -> list[Track]:
        folder = self.root / self.split
        if not folder.is_dir():
            raise InputError(f"There is no folder {folder}.", hint="Give the folder that holds train and test.")
        found = []
        for path in sorted(folder.iterdir()):
            files = [path / f"{source}{self.suffix}" for source in self.sources]
            wanted = self.subset is None or path.name in self.subset
            if not (wanted and all(file.is_file() for file in files)):
                continue
            infos = [probe(file) for file in files]
            frames = min(info.frames for info in infos)
            if {info.sample_rate for info in infos} == {self.sample_rate} and frames >= (self.seg_len or 1):
                found.append(Track(path, frames))
        if not found:
            raise InputError(
                f"No track in {folder} has {', '.join(self.sources)} as {self.suffix} at {self.sample_rate} Hz, "
                f"{self.segment or 0:g} s or longer.",
                hint="MUSDB18 comes as MP4: get MUSDB18-HQ, or prepare it first.",
            )
        return found
