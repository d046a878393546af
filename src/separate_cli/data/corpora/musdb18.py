"""MUSDB18: songs and their stems.

{train,test}/TRACK/{mixture,vocals,drums,bass,other}.wav   MUSDB18-HQ: listed as it is
{train,test}/TRACK.stem.mp4                                MUSDB18: unpacked to such files first
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from separate_cli.audio.encode import encode_audio
from separate_cli.audio.formats import AudioFormat
from separate_cli.data.corpora.facts import mixture_facts
from separate_cli.data.corpora.listed import Entry, audio_below, list_mixtures
from separate_cli.data.making import Made, make_all
from separate_cli.data.mixing import roots_of
from separate_cli.data.mixtures import Mixture, Piece, write_mixtures
from separate_cli.data.pieces import round_as_file
from separate_cli.errors import InputError, UsageError
from separate_cli.files import write_bytes, write_json
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.corpora.musdb18 import Musdb18

__all__ = ["VALIDATION", "make"]

_STEMS = ("mixture", "drums", "bass", "other", "vocals")
"""In the order of the streams of the MP4 files."""

VALIDATION = frozenset({
    "Actions - One Minute Smile", "Clara Berry And Wooldog - Waltz For My Victims", "Johnny Lokke - Promises & Lies",
    "Patrick Talbot - A Reason To Leave", "Triviul - Angelsaint", "Alexander Ross - Goodbye Bolero",
    "Fergessen - Nos Palpitants", "Leaf - Summerghost", "Skelpolu - Human Mistakes", "Young Griffo - Pennies",
    "ANiMAL - Rockshow", "James May - On The Line", "Meaxic - Take A Step", "Traffic Experiment - Sirens",
})  # fmt: skip
"""Training songs that everybody validates on."""


def make(spec: Musdb18, context: StageContext) -> None:
    """List all songs; unpack those that are MP4.

    Raises:
        UsageError: If MP4 files are to be unpacked, and PyAV is not installed.
        InputError: If there is no song, or files are missing or damaged.
        OutputError: If what is unpacked does not fit on the disk.
    """
    root = roots_of(context.inputs)["musdb18"]
    packed = [path for folder in ("train", "test") for path in audio_below(root / folder, ".mp4")]
    if packed:
        _unpack_all(packed, root, spec, context)
    else:
        list_mixtures("musdb18-hq", _entries(root), spec, context, corpus="musdb18")


def _entries(root: Path) -> Iterator[Entry]:
    for folder in ("train", "test"):
        for track in sorted(path for path in (root / folder).glob("*") if path.is_dir()):
            signals = {stem: f"{folder}/{track.name}/{stem}.wav" for stem in _STEMS}
            yield Entry(track.name, _part(folder, track.name), signals)


def _part(folder: str, name: str) -> str:
    return "test" if folder == "test" else "valid" if name in VALIDATION else "train"


def _unpack_all(packed: list[Path], root: Path, spec: Musdb18, context: StageContext) -> None:
    _av()
    items = {path.relative_to(root).as_posix(): path for path in packed}
    size = 5 * 2 * 2 * 44100 * 250.0  # stems, channels, bytes, rate, seconds
    rows = make_all(items, partial(_unpack), context, executor=spec.executor, unit="songs", bytes_each=size)
    if rows is None:
        return
    mixtures = [
        Mixture(row["name"], _part(row["folder"], row["name"]), row["sample_rate"], row["frames"], _pieces(row))
        for row in rows.values()
    ]
    write_mixtures(context.folder / "mixtures.jsonl", mixtures)
    write_json(context.folder / "corpus.json", {"mixtures": {"musdb18": mixture_facts("musdb18", mixtures)}})


def _pieces(row: dict[str, Any]) -> dict[str, Piece]:
    return {stem: Piece(f"{row['folder']}/{row['name']}/{stem}.wav") for stem in _STEMS}


def _unpack(path: Path, folder: Path) -> Made:
    """Write the five streams of an MP4 file as WAV files of the same length."""
    name, place = path.name.removesuffix(".stem.mp4"), path.parent.name
    streams = [_decode(path, number) for number in range(len(_STEMS))]
    rate = streams[0][1]
    frames = min(wave.shape[1] for wave, _ in streams)
    files = []
    for stem, (wave, _) in zip(_STEMS, streams, strict=True):
        file = f"{place}/{name}/{stem}.wav"
        content = encode_audio(round_as_file(wave[:, :frames], 16), rate, AudioFormat("WAV", "PCM_16"))
        write_bytes(folder / file, content, durable=False)
        files.append(file)
    return Made({"name": name, "folder": place, "sample_rate": rate, "frames": frames}, tuple(files))


def _decode(path: Path, number: int) -> tuple[Any, int]:
    """One audio stream of a file, ``(channel, time)`` float32, and its rate."""
    av = _av()
    try:
        with av.open(str(path)) as container:
            stream = container.streams.audio[number]
            resampler = av.AudioResampler(format="fltp", layout="stereo", rate=stream.rate)
            blocks = [block.to_ndarray() for frame in container.decode(stream) for block in resampler.resample(frame)]
            return np.concatenate(blocks, axis=1), int(stream.rate)
    except (av.FFmpegError, IndexError, ValueError) as error:
        raise InputError(f"{path} cannot be unpacked: {error}.", hint="Download it again.") from error


def _av() -> Any:
    try:
        import av
    except ImportError as error:
        raise UsageError(
            "MUSDB18's MP4 files need PyAV.", hint='pip install "separate-cli[mp4]", or get MUSDB18-HQ, which is WAV.'
        ) from error
    return av
