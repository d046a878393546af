"""AVSpeech: speakers' voices and faces, read from the recipe's list of mixtures.

    CSV (video_i, audio_i, ..., mixed_audio), PARTS.npy --> spectrograms, faces, spectrogram of the mixture

Spectrograms are real and imaginary parts, one above the other, of an STFT of 25 ms every 10 ms, each part compressed by
the power 0.3.

Source: Ephrat et al., "Looking to listen at the cocktail party", SIGGRAPH 2018, section 4.
Checked: tests/data/datasets/test_avspeech.py.
"""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from torch.utils.data import Dataset

from separate_cli.audio.reader import read_audio
from separate_cli.audio.resample import resample
from separate_cli.data.datasets.notices import notices
from separate_cli.data.tables import read_table
from separate_cli.errors import InputError
from separate_cli.filterbanks import STFTFB, Decoder, Encoder

__all__ = ["AVSpeechDataset"]

_RATE = 16000
_PART = re.compile(r"_part(\d)")


class AVSpeechDataset(Dataset[tuple[Tensor, list[Tensor], Tensor]]):
    """Mixtures of speakers whose faces are known.

    Args:
        input_df_path: CSV file with the columns ``video_1``, ``audio_1``, ... and ``mixed_audio``.
        embed_dir: Folder of the faces' embeddings, ``<video>_part<number>.npy``.
        n_src: Number of speakers.

    Raises:
        InputError: If the list cannot be read.
    """

    dataset_name = "AVSpeech"

    def __init__(self, input_df_path: Path | str, embed_dir: Path | str, n_src: int = 2) -> None:
        self.n_src, self.embed_dir = n_src, Path(embed_dir)
        columns = [f"{kind}_{i + 1}" for i in range(n_src) for kind in ("video", "audio")]
        self.rows = read_table(Path(input_df_path), [*columns, "mixed_audio"], hint="Give the list of mixtures.")

    @cached_property
    def stft_encoder(self) -> Encoder:
        """Analysis of the spectrograms."""
        return Encoder(_stft())

    @staticmethod
    def encode(
        x: NDArray[np.float32], p: float = 0.3, stft_encoder: Encoder | None = None, EPS: float = 1e-8
    ) -> Tensor:
        """Compressed spectrogram ``(2 * frequency, frame)`` of a wave ``(time)``."""
        encoder = stft_encoder or Encoder(_stft())
        spectrum = encoder(torch.from_numpy(x).float()) + EPS
        compressed: Tensor = spectrum.abs() ** p * spectrum.sign()
        return compressed

    @staticmethod
    def decode(
        tf_rep: NDArray[np.float32], p: float = 0.3, stft_decoder: Decoder | None = None, final_len: int = 48000
    ) -> Tensor:
        """The wave ``(final_len)`` of a compressed spectrogram ``(2 * frequency, frame)``."""
        decoder = stft_decoder or Decoder(_stft())
        spectrum = torch.from_numpy(tf_rep).float()
        wave = decoder(spectrum.abs() ** (1 / p) * spectrum.sign())
        fitted: Tensor = functional.pad(wave, [0, final_len - wave.shape[-1]])
        return fitted

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> tuple[Tensor, list[Tensor], Tensor]:
        """Spectrograms ``(source, 2 * frequency, frame)``, one embedding a source, spectrogram of the mixture."""
        row = self.rows[index]
        sources, faces = [], []
        for i in range(self.n_src):
            audio = row[f"audio_{i + 1}"]
            part = _PART.search(audio)
            sources.append(self._spectrogram(Path(audio)))
            faces.append(self._face(Path(row[f"video_{i + 1}"]), int(part[1]) if part else 0))
        return torch.stack(sources), faces, self._spectrogram(Path(row["mixed_audio"]))

    def get_infos(self) -> dict[str, Any]:
        """``dataset``, ``task`` and ``licenses``, for checkpoints."""
        return {"dataset": self.dataset_name, "task": "sep_clean", "licenses": notices("avspeech")}

    def _spectrogram(self, path: Path) -> Tensor:
        wave, rate = read_audio(path)
        mono = resample(wave.mean(axis=0, keepdims=True), rate, _RATE)[0]
        return self.encode(mono, stft_encoder=self.stft_encoder)

    def _face(self, video: Path, part: int) -> Tensor:
        path = self.embed_dir / f"{video.stem}_part{part}.npy"
        try:
            return torch.from_numpy(np.load(path, allow_pickle=False))
        except (OSError, ValueError) as error:
            raise InputError(f"Cannot read the face {path}: {error}.", hint="Compute the embeddings again.") from error


def _stft() -> STFTFB:
    return STFTFB(n_filters=512, kernel_size=400, stride=160)
