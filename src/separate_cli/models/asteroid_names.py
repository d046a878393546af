"""Methods of models under the names that Asteroid's users know.

    forward_wav                        what ``separate`` runs: replaced by models whose ``forward`` gives other things
    torch_separate | numpy_separate    ``separate`` for one kind of wave
    file_separate                      talk.wav --first channel, resample, separate, resample--> talk_est1.wav, ...
    serialize --torch.save--> file --from_pretrained--> the same model

Source: Asteroid 0.7, ``BaseModel`` and ``asteroid.separate``.
Differs: levels are those of ``separate``; estimates that would clip get one gain for all of them.
Checked: tests/models/test_asteroid_names.py (round trips of all models, files against arrays).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from separate_cli import __version__
from separate_cli.audio.formats import output_format
from separate_cli.audio.reader import read_audio
from separate_cli.audio.resample import resample as convert
from separate_cli.audio.writer import safe_gain, write_audio
from separate_cli.errors import InputError

__all__ = ["AsteroidNames"]

Array = NDArray[Any]


class AsteroidNames(nn.Module):
    """What ``Separator`` adds for those who come from Asteroid."""

    sample_rate: float
    in_channels: int | None
    separate: Callable[..., Any]
    get_model_args: Callable[[], dict[str, Any]]

    def forward_wav(self, wav: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        """Estimates of ``wav``, in the shapes of ``Separator.forward``; the model itself unless replaced."""
        estimates: Tensor = self(wav, *args, **kwargs)
        return estimates

    def torch_separate(self, wav: Tensor, **kwargs: Any) -> Tensor:
        """``separate`` for a tensor.

        Raises:
            TypeError: If it is none; and as ``separate``.
        """
        if not isinstance(wav, Tensor):
            raise TypeError(f"Expected a tensor, got {type(wav).__name__}.")
        estimates: Tensor = self.separate(wav, **kwargs)
        return estimates

    def numpy_separate(self, wav: Array, **kwargs: Any) -> Array:
        """``separate`` for an array.

        Raises:
            TypeError: If it is none; and as ``separate``.
        """
        if not isinstance(wav, np.ndarray):
            raise TypeError(f"Expected an array, got {type(wav).__name__}.")
        estimates: Array = self.separate(wav, **kwargs)
        return estimates

    def file_separate(
        self,
        filename: str | Path,
        output_dir: str | Path | None = None,
        force_overwrite: bool = False,
        resample: bool = False,
        **kwargs: Any,
    ) -> None:
        """Separate a whole file into ``NAME_est1.wav``, ``NAME_est2.wav``, ... of 16 bits at the file's rate.

        A model of one channel hears the first one. ``sep infer`` and ``separate_cli.inference`` do more: long files
        in chunks, all channels, many files, other formats.

        Args:
            filename: The file.
            output_dir: Where the estimates go; next to the file unless given.
            force_overwrite: Replace what is there. Otherwise nothing is done where the first estimate is, with a
                warning.
            resample: Convert to the model's rate and back where the file has another.
            kwargs: As for ``separate``.

        Raises:
            InputError: If the file cannot be read or has another rate, and ``resample`` is False.
            OutputError: If an estimate cannot be written.
        """
        source = Path(filename)
        stem = (source.parent if output_dir is None else Path(output_dir)) / source.stem
        first = stem.with_name(f"{stem.name}_est1.wav")
        if first.is_file() and not force_overwrite:
            warnings.warn(f"{first} is there already; force_overwrite=True replaces it.", UserWarning, stacklevel=2)
            return
        mixture, rate = read_audio(source)
        if rate != self.sample_rate and not resample:
            raise InputError(
                f"{source} has {rate} Hz, the model was made for {self.sample_rate:g} Hz.", hint="Pass resample=True."
            )
        heard = mixture[:1] if self.in_channels == 1 else mixture  # (channel, time)
        heard = convert(heard, rate, self.sample_rate)
        estimates: Array = self.numpy_separate(heard[np.newaxis], **kwargs)[0]
        waves = estimates if estimates.ndim == 3 else estimates[:, np.newaxis]  # (source, channel, time)
        at_rate = [convert(np.ascontiguousarray(wave), self.sample_rate, rate) for wave in waves]
        form = output_format(".wav")
        gain = np.float32(safe_gain(max(float(np.abs(wave).max(initial=0.0)) for wave in at_rate), form))
        for number, wave in enumerate(at_rate, 1):
            path = stem.with_name(f"{stem.name}_est{number}.wav")
            write_audio(path, gain * wave[:, : mixture.shape[1]], rate, form=form)

    def serialize(self) -> dict[str, Any]:
        """What ``torch.save`` stores and ``from_pretrained`` reads: class, weights, arguments, versions.

        Raises:
            TypeError: If an argument of the constructor cannot be stored.

        >>> from separate_cli.models.demask import DeMask
        >>> package = DeMask(hidden_dims=[8]).serialize()
        >>> sorted(package), DeMask.from_pretrained(package).get_model_args()["hidden_dims"]
        (['infos', 'model_args', 'model_name', 'state_dict'], [8])
        """
        versions = {"torch_version": str(torch.__version__), "separate_cli_version": __version__}
        return {
            "model_name": type(self).__name__,
            "state_dict": self.get_state_dict(),
            "model_args": self.get_model_args(),
            "infos": {"software_versions": versions},
        }

    def get_state_dict(self) -> dict[str, Any]:
        """The weights that ``serialize`` stores: ``state_dict()`` unless replaced."""
        return self.state_dict()
