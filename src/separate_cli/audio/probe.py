"""What an audio file says about itself, and a clear sentence when it is none.

path --open_audio--> SoundFile (forward reading)
     --probe-------> AudioInfo
"""

from __future__ import annotations

import re
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from separate_cli.audio.sphere import unpack_sphere
from separate_cli.errors import InputError

__all__ = ["AUDIO_SUFFIXES", "AudioInfo", "open_audio", "probe"]

AUDIO_SUFFIXES = frozenset({
    ".aif", ".aifc", ".aiff", ".au", ".caf", ".flac", ".mp3", ".oga", ".ogg", ".opus", ".rf64", ".snd", ".sph", ".w64",
    ".wav", ".wave", ".wv1", ".wv2",
})  # fmt: skip
"""What a folder is searched for. A file that is named explicitly may have any suffix; its content decides."""

UNKNOWN_FRAMES = 1 << 48
"""libsndfile tells a length beyond this where it does not know it."""
_COUNT_FRAMES = 1 << 16
_SIZES = re.compile(r"^\s*(?:data|SSND|Data Size)\s*: (\d+) \(should be (\d+)\)", re.MULTILINE)
_STREAM_BYTES = 0x7FFF_0000
_CONVERT = "Use WAV, FLAC, OGG, MP3, AIFF or another format of libsndfile; ffmpeg -i IN OUT.wav converts others."


@dataclass(frozen=True)
class AudioInfo:
    """Facts about an audio file.

    Args:
        path: Where it is.
        frames: Samples of each channel.
        sample_rate: In Hz.
        channels: Number of channels.
        container: Name of the container in libsndfile: ``"WAV"``, ``"FLAC"``, ``"OGG"``.
        subtype: Name of the sample format in libsndfile: ``"PCM_16"``, ``"FLOAT"``, ``"VORBIS"``.
        is_cut_off: Whether the header announces more samples than there are; ``frames`` counts those that are.
    """

    path: Path
    frames: int
    sample_rate: int
    channels: int
    container: str
    subtype: str
    is_cut_off: bool = False

    @property
    def duration_seconds(self) -> float:
        """Length in seconds."""
        return self.frames / self.sample_rate


class ForwardFile(soundfile.SoundFile):  # type: ignore[misc]  # soundfile has no types
    """A sound file that is read from front to back.

    soundfile seeks after every read of a seekable file, which makes MP3 decoders lose their bit reservoir, FLAC decode
    twice, and FLAC without a length fail at its end.
    """

    def seekable(self) -> bool:
        """Never: blocks follow one another."""
        return False


def open_audio(path: Path) -> ForwardFile:
    """Open ``path`` for reading.

    Raises:
        InputError: If it is missing, a folder, empty, or not audio that can be read.
    """
    if path.is_dir():
        raise InputError(f"{path} is a folder, not an audio file.", hint="Name a file in it.")
    try:
        with path.open("rb") as stream:
            is_empty = not stream.read(1)
    except FileNotFoundError as error:
        raise InputError(f"There is no file {path}.", hint="Check the path and its spelling.") from error
    except OSError as error:
        raise InputError(f"Cannot read {path}: {error.strerror or error}.", hint="Check the file.") from error
    if is_empty:
        raise InputError(f"{path} is empty (0 bytes).", hint="Copy or record it again.")
    try:
        return ForwardFile(path)
    except soundfile.LibsndfileError as error:
        unpacked = unpack_sphere(path)
        if unpacked is not None:
            return ForwardFile(unpacked)
        raise InputError(f"{path} is not audio that can be read: {_reason(error)}.", hint=_CONVERT) from error
    except TypeError as error:  # soundfile takes .raw for headerless samples
        raise InputError(f"{path} has no header that tells rate and channels.", hint=_CONVERT) from error


def probe(path: Path) -> AudioInfo:
    """Read the header of an audio file; where it does not tell the length, decode the file to count.

    Raises:
        InputError: If it is missing, empty, damaged, not audio, or holds no samples.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "beep.wav"
    ...     soundfile.write(path, np.zeros((8000, 2)), 16000)
    ...     info = probe(path)
    >>> info.frames, info.channels, info.subtype, info.duration_seconds
    (8000, 2, 'PCM_16', 0.5)
    """
    sound, info = open_probed(path)
    sound.close()
    return info


def open_probed(path: Path) -> tuple[ForwardFile, AudioInfo]:
    """Open ``path`` at its first frame and tell what it says about itself, see ``probe``."""
    with ExitStack() as on_failure:
        sound = on_failure.enter_context(open_audio(path))
        frames = sound.frames
        if frames >= UNKNOWN_FRAMES:
            frames = _count(sound, path)
            sound = on_failure.enter_context(open_audio(path))
        if frames == 0:
            raise InputError(f"{path} holds no samples.", hint="Record or export it again.")
        cut_off = _announces_more(sound.extra_info)
        info = AudioInfo(path, frames, sound.samplerate, sound.channels, sound.format, sound.subtype, cut_off)
        on_failure.pop_all()
    return sound, info


def damaged(path: Path, frames: int, sample_rate: int, error: soundfile.LibsndfileError) -> InputError:
    """The error for a file whose content breaks after ``frames`` samples."""
    return InputError(
        f"{path} is damaged or cut off after {frames / sample_rate:.2f} s: {_reason(error)}.", hint=RECOVER
    )


RECOVER = "Copy it again; ffmpeg -i IN OUT.wav may save what is left."


def _announces_more(log: str) -> bool:
    """Whether libsndfile's log says that the samples' chunk is shorter than its header; streams announce a maximum."""
    found = _SIZES.search(log)
    return found is not None and int(found[2]) < int(found[1]) < _STREAM_BYTES


def _count(sound: ForwardFile, path: Path) -> int:
    block = np.empty((_COUNT_FRAMES, sound.channels), np.float32)
    frames = 0
    try:
        while got := len(sound.read(out=block)):
            frames += got
    except soundfile.LibsndfileError as error:
        raise damaged(path, frames, sound.samplerate, error) from error
    return frames


def _reason(error: soundfile.LibsndfileError) -> str:
    text = str(error.error_string or "").removeprefix("Error : ").strip(" .")
    return text[:1].lower() + text[1:] if text else f"libsndfile error {error.code}"
