"""SMS-WSJ: two speakers of WSJ in a room with six microphones, read from the JSON file of its own tools.

    sms_wsj.json --> (mixture (time) or (channel, time), sources (source, time) or (source, channel, time))

Source: Drude et al., "SMS-WSJ: Database, performance measures, and baseline recipe for multi-channel source separation
    and recognition", 2019.
Differs from Asteroid: neither ``sms_wsj`` nor ``lazy_dataset`` is needed; dry sources work with a single channel.
Checked: tests/data/datasets/test_sms_wsj.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from separate_cli.data.datasets.json_lists import read_json
from separate_cli.data.datasets.segments import MixtureSet, standardize
from separate_cli.data.mixtures import Mixture, Piece, Signal
from separate_cli.data.sampling import Draw
from separate_cli.errors import InputError

__all__ = ["SmsWsjDataset"]

_TARGETS = {
    "source": ("speech_source",),
    "early": ("speech_reverberation_early",),
    "image": ("speech_reverberation_early", "speech_reverberation_tail"),
}


class SmsWsjDataset(MixtureSet):
    """Mixtures of SMS-WSJ and what is wanted of their speakers.

    Args:
        json_path: ``sms_wsj.json``.
        target: ``"source"`` (dry), ``"early"`` (early reverberation) or ``"image"`` (all that the microphones hear).
        dset: ``"train_si284"``, ``"cv_dev93"`` or ``"test_eval92"``.
        sample_rate: Of the files, in Hz.
        single_channel: Whether items have one channel: any in segments, the first in whole mixtures.
        segment: Seconds of an item, cut at random; shorter mixtures are left out. None: whole mixtures.
        nondefault_nsrc: Number of sources, the further ones silent; None: 2.
        normalize_audio: Whether mixture and sources are divided by the mixture's standard deviation.

    Raises:
        InputError: If the file cannot be read, lacks the part, or names files that are not there.
        ValueError: If there is no such target.
    """

    dataset_name = "SMS_WSJ"

    def __init__(  # noqa: PLR0917  the order that Asteroid's users know
        self,
        json_path: Path | str,
        target: str,
        dset: str,
        sample_rate: int = 8000,
        single_channel: bool = True,
        segment: float | None = 4.0,
        nondefault_nsrc: int | None = None,
        normalize_audio: bool = False,
    ) -> None:
        if target not in _TARGETS:
            raise ValueError(f"Unknown target {target!r}; expected one of {', '.join(_TARGETS)}.")
        self.json_path, self.target, self.dset = Path(json_path), target, dset
        self.single_channel, self.normalize_audio = single_channel, normalize_audio
        self.n_src = nondefault_nsrc or 2
        examples = _examples(read_json(self.json_path), dset, self.json_path)
        try:
            mixtures = [_mixture(key, row, _TARGETS[target], sample_rate) for key, row in examples.items()]
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"{self.json_path} does not have what SMS-WSJ's files have: {error!r}.", hint="Write it again."
            ) from error
        super().__init__(mixtures, sample_rate=sample_rate, segment=segment)

    def __getitem__(self, index: Draw | int) -> tuple[Tensor, Tensor]:
        """Mixture ``(time)`` or ``(channel, time)``, sources ``(source, time)`` or ``(source, channel, time)``.

        Dry sources have no channels.
        """
        mixture, start, frames = self.draw(index)
        heard = torch.from_numpy(self.read(mixture, "mixture", start, frames))  # (channel, time)
        sources = [
            torch.from_numpy(self.read(mixture, name, start, frames))
            for name in (f"s{i + 1}" for i in range(self.n_src))
            if name in mixture.signals
        ]
        wanted = torch.stack([*sources, *[torch.zeros_like(sources[0])] * (self.n_src - len(sources))])
        if self.target == "source":
            wanted = wanted[:, 0]  # (source, time)
        if self.single_channel:
            channel = self.below(index, len(heard), wish=1) if self.seg_len is not None else 0
            heard = heard[channel]
            wanted = wanted if self.target == "source" else wanted[:, channel]
        if self.normalize_audio:
            std = heard.std(-1, keepdim=True)
            spread = std.mean() if self.target == "source" else std  # dry sources have no channels
            heard, wanted = standardize(heard, std), standardize(wanted, spread)
        return heard, wanted

    def get_infos(self) -> dict[str, Any]:
        """``dataset``, ``task``, ``task_dataset``, ``target`` and ``licenses``, for checkpoints."""
        facts = {"task": "sep_reverb_noisy", "task_dataset": self.dset, "target": self.target}
        return self.infos("wsj0", "wsj1", "sms-wsj", **facts)


def _examples(database: Any, dset: str, path: Path) -> dict[str, Mapping[str, Any]]:
    """The rows of a part, which may be an alias of several."""
    parts = database.get("datasets", {}) if isinstance(database, dict) else {}
    names = [dset] if dset in parts else database.get("alias", {}).get(dset, []) if parts else []
    if not names or not all(name in parts for name in names):
        raise InputError(
            f"{path} has no part {dset}; it has {', '.join(parts) or 'none'}.", hint="Choose another dset."
        )
    return {key: row for name in names for key, row in parts[name].items()}


def _mixture(key: str, row: Mapping[str, Any], targets: tuple[str, ...], sample_rate: int) -> Mixture:
    """A mixture with the signals ``mixture``, ``s1``, ``s2`` and so on."""
    paths, frames = row["audio_path"], row["num_samples"]["observation"]
    signals: dict[str, Signal] = {"mixture": Piece(paths["observation"])}
    for i in range(len(paths[targets[0]])):
        offset = row["offset"][i] if targets == _TARGETS["source"] else 0
        pieces = {
            f"s{i + 1}_{target}": Piece(paths[target][i], start=max(0, -offset), offset=max(0, offset))
            for target in targets
        }
        signals |= {**pieces, f"s{i + 1}": tuple(pieces)}
    return Mixture(key, "", sample_rate, frames, signals)
