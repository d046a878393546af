"""Which container and sample format an output gets.

    suffix of the input, --format  --> container    the input's own where that is lossless and can be written, else WAV
    sample format of the input, --bits --> subtype  the input's own depth; 16 bits where the input was lossy

The name of an output depends only on names, so that it can be planned without opening a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import soundfile

from separate_cli.errors import UsageError

__all__ = ["AudioFormat", "Bits", "Container", "output_format", "output_suffix"]

Container = Literal["auto", "wav", "flac", "aiff", "caf", "w64", "au", "ogg", "mp3"]
Bits = Literal["auto", "16", "24", "float"]

_NAMES: dict[str, str] = {"ogg": "OGG", "mp3": "MP3", "wav": "WAV", "flac": "FLAC"}
_SUFFIXES: dict[str, Container] = {
    ".wav": "wav", ".wave": "wav", ".rf64": "wav", ".flac": "flac", ".aif": "aiff", ".aiff": "aiff", ".caf": "caf",
    ".w64": "w64", ".au": "au", ".snd": "au",
}  # fmt: skip
_LOSSY: dict[str, str] = {"ogg": "VORBIS", "mp3": "MPEG_LAYER_III"}
_ALL_SUFFIXES = {**_SUFFIXES, ".ogg": "ogg", ".oga": "ogg", ".mp3": "mp3"}
_BITS: dict[Bits, str] = {"16": "PCM_16", "24": "PCM_24", "float": "FLOAT"}
_LIKE_INPUT: dict[str, str] = {"PCM_24": "PCM_24", "PCM_32": "PCM_32", "FLOAT": "FLOAT", "DOUBLE": "FLOAT"}
_WAV_BYTES = 0xFFFF_0000
"""A WAV header cannot count more bytes; RF64, the same with 64-bit sizes, takes over."""


@dataclass(frozen=True)
class AudioFormat:
    """How samples are stored.

    Args:
        container: libsndfile's name: ``"WAV"``, ``"FLAC"``.
        subtype: libsndfile's name: ``"PCM_16"``, ``"FLOAT"``, ``"VORBIS"``.
    """

    container: str
    subtype: str

    @property
    def is_float(self) -> bool:
        """Whether values beyond ±1 survive."""
        return self.subtype in {"FLOAT", "DOUBLE"}

    @property
    def is_lossless(self) -> bool:
        """Whether what is read back is what was written, up to rounding."""
        return self.subtype not in _LOSSY.values()

    def for_bytes(self, n_bytes: int) -> AudioFormat:
        """The same, in a container that can hold ``n_bytes`` of samples."""
        too_big = self.container == "WAV" and n_bytes > _WAV_BYTES
        return AudioFormat("RF64", self.subtype) if too_big else self


def output_suffix(suffix: str, container: Container = "auto") -> str:
    """Suffix of the output for an input with ``suffix``.

    >>> output_suffix(".FLAC"), output_suffix(".mp3"), output_suffix(".flac", "wav")
    ('.FLAC', '.wav', '.wav')
    """
    if container == "auto":
        return suffix if suffix.lower() in _SUFFIXES else ".wav"
    return suffix if _ALL_SUFFIXES.get(suffix.lower()) == container else f".{container}"


def output_format(suffix: str, *, like: str = "PCM_16", bits: Bits = "auto") -> AudioFormat:
    """Format of an output named with ``suffix``.

    Args:
        suffix: Of the output file, see ``output_suffix``.
        like: Sample format of the input, libsndfile's name.
        bits: Wanted depth; ``"auto"`` takes that of the input, if the container can hold it.

    Raises:
        UsageError: If the container cannot hold the wanted depth.

    >>> output_format(".wav", like="FLOAT"), output_format(".flac", like="PCM_24").subtype
    (AudioFormat(container='WAV', subtype='FLOAT'), 'PCM_24')
    """
    choice = _ALL_SUFFIXES.get(suffix.lower(), "wav")
    container = _NAMES.get(choice, choice.upper())
    if choice in _LOSSY:
        return AudioFormat(container, _LOSSY[choice])
    wanted = [_BITS[bits]] if bits != "auto" else [_LIKE_INPUT.get(like, "PCM_16"), "PCM_24"]
    for subtype in wanted:
        if soundfile.check_format(container, subtype):
            return AudioFormat(container, subtype)
    raise UsageError(
        f"{container} cannot hold {wanted[0]} samples.", hint="Use --format wav, or leave the depth to --bits auto."
    )
