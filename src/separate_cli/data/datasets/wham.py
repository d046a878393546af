"""WHAM! and WHAMR!: two speakers of WSJ0 with noise, and with noise and rooms, read from the JSON lists of the recipes.

    {mix_both,s1,s2,...}.json = [[path, samples], ...] --WhamDataset--> (mixture (time), sources (source, time))

Source: Wichern et al., "WHAM!", Interspeech 2019; Maciejewski et al., "WHAMR!", ICASSP 2020.
Differs from Asteroid: files of one mixture are found by their name where all lists have the same names; extra sources
    are float32; the sum of two sets is a set.
Checked: tests/data/datasets/test_wham.py.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, TypeVar

from torch import Tensor

from separate_cli.data.datasets.json_lists import mixtures_of_lists
from separate_cli.data.datasets.segments import MixtureSet, standardize
from separate_cli.data.sampling import Draw

__all__ = ["WhamDataset", "WhamRDataset"]

Self = TypeVar("Self", bound="WhamDataset")


class _Lists(NamedTuple):
    """Names of the JSON files: the mixture's, and one a source."""

    mixture: str
    sources: tuple[str, ...]


_ANECHOIC = ("s1_anechoic", "s2_anechoic")


class WhamDataset(MixtureSet):
    """WHAM! mixtures and what is wanted of them.

    Args:
        json_dir: Folder of the lists.
        task: ``"sep_clean"``, ``"sep_noisy"``, ``"enh_single"`` (noisy s1 → s1) or ``"enh_both"`` (without the noise,
            both voices stay).
        sample_rate: Of the files, in Hz.
        segment: Seconds of an item, cut at random; shorter mixtures are left out. None: whole mixtures.
        nondefault_nsrc: Number of targets, the further ones silent; None: as many as the task has.
        normalize_audio: Whether mixture and sources are divided by the mixture's standard deviation.

    Raises:
        InputError: If the lists are missing or damaged, or name files that are not there.
        ValueError: If there is no such task, or it has more targets.
    """

    dataset_name = "WHAM"
    tasks: ClassVar[dict[str, _Lists]] = {
        "sep_clean": _Lists("mix_clean", ("s1", "s2")),
        "sep_noisy": _Lists("mix_both", ("s1", "s2")),
        "enh_single": _Lists("mix_single", ("s1",)),
        "enh_both": _Lists("mix_both", ("mix_clean",)),
    }
    aliases: ClassVar[dict[str, str]] = {"enhance_single": "enh_single", "enhance_both": "enh_both"}

    def __init__(  # noqa: PLR0917  the order that Asteroid's users know
        self,
        json_dir: Path | str,
        task: str,
        sample_rate: int = 8000,
        segment: float | None = 4.0,
        nondefault_nsrc: int | None = None,
        normalize_audio: bool = False,
    ) -> None:
        lists = self.tasks.get(self.aliases.get(task, task))
        if lists is None:
            raise ValueError(f"Unknown task {task!r}; expected one of {', '.join(self.tasks)}.")
        self.json_dir, self.task, self.normalize_audio = Path(json_dir), task, normalize_audio
        self.n_src = nondefault_nsrc or len(lists.sources)
        if self.n_src < len(lists.sources):
            raise ValueError(f"Task {task} has {len(lists.sources)} targets; nondefault_nsrc is {nondefault_nsrc}.")
        mixtures = mixtures_of_lists(
            self.json_dir,
            {"mixture": lists.mixture, **{f"s{i + 1}": name for i, name in enumerate(lists.sources)}},
            sample_rate=sample_rate,
        )
        super().__init__(mixtures, sample_rate=sample_rate, segment=segment)

    def __add__(self: Self, other: Self) -> Self:  # type: ignore[override]  # one set, not a chain of sets
        """Both sets as one; segments are as long as the shorter ones.

        Raises:
            ValueError: If their numbers of sources or sample rates differ.
        """
        if (self.n_src, self.sample_rate) != (other.n_src, other.sample_rate):
            raise ValueError(
                f"Expected the same number of sources and sample rate, got {self.n_src} at {self.sample_rate} Hz "
                f"and {other.n_src} at {other.sample_rate} Hz."
            )
        both = copy.copy(self)
        both.mixtures = [*self.mixtures, *other.mixtures]
        both.n_dropped = self.n_dropped + other.n_dropped
        lengths = [length for length in (self.seg_len, other.seg_len) if length is not None]
        both.seg_len = min(lengths) if lengths else None
        both.segment = None if both.seg_len is None else both.seg_len / both.sample_rate
        both.mixtures = [mixture for mixture in both.mixtures if mixture.frames >= (both.seg_len or 0)]
        return both

    def __getitem__(self, index: Draw | int) -> tuple[Tensor, Tensor]:
        """Mixture ``(time)`` and sources ``(source, time)``."""
        mixture, start, frames = self.draw(index)
        heard, sources = self.read_pair(mixture, [f"s{i + 1}" for i in range(self.n_src)], start, frames)
        if not self.normalize_audio:
            return heard, sources
        std = heard.std()
        return standardize(heard, std), standardize(sources, std)

    def get_infos(self) -> dict[str, Any]:
        """``dataset``, ``task`` and ``licenses``, for checkpoints."""
        clean = self.task in {"sep_clean", "sep_reverb"}
        return self.infos(*(["wsj0"] if clean else ["wsj0", "wham-noise"]), task=self.task)


class WhamRDataset(WhamDataset):
    """WHAMR! mixtures and their sources without reverberation.

    Args:
        json_dir: Folder of the lists.
        task: ``"sep_clean"``, ``"sep_noisy"``, ``"sep_reverb"`` or ``"sep_reverb_noisy"``.
        sample_rate: Of the files, in Hz.
        segment: Seconds of an item, cut at random; shorter mixtures are left out. None: whole mixtures.
        nondefault_nsrc: Number of targets, the further ones silent; None: 2.
    """

    dataset_name = "WHAMR"
    tasks: ClassVar[dict[str, _Lists]] = {
        "sep_clean": _Lists("mix_clean_anechoic", _ANECHOIC),
        "sep_noisy": _Lists("mix_both_anechoic", _ANECHOIC),
        "sep_reverb": _Lists("mix_clean_reverb", _ANECHOIC),
        "sep_reverb_noisy": _Lists("mix_both_reverb", _ANECHOIC),
    }
    aliases: ClassVar[dict[str, str]] = {"sep_noisy_reverb": "sep_reverb_noisy"}

    def get_infos(self) -> dict[str, Any]:
        """``dataset``, ``task`` and ``licenses``, for checkpoints; WHAMR! is always named, its rooms are its own."""
        return self.infos("wsj0", "whamr", task=self.task)
