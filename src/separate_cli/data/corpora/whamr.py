"""WHAMR!: the mixtures of WHAM! in simulated rooms.

    reverb_params_tr.csv --image sources (pyroomacoustics)--> responses, only direct sound and whole
    speech --convolve--> {s1,s2,mix_clean,mix_both,mix_single}_{anechoic,reverb}, noise

The plain names ``s1``, ``mix_clean`` and so on mean the anechoic ones. Files hold 32-bit floats.

Source: wham.whisper.ai, scripts of WHAMR!, ``create_wham_from_scratch.py`` and ``wham_room.py``.
Differs: the responses are those of today's pyroomacoustics, the official ones of release 0.3.1, whose absorption is of
the amplitude; speech is not rounded to 16 bits on its way.
Checked: tests/data/corpora/test_wham.py (direct sound in time and level, reverberation time, sums).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from separate_cli.audio.reader import read_audio
from separate_cli.data.corpora.wham import Row, finish, read_rows
from separate_cli.data.corpora.wsj0 import WSJ0_PARTS
from separate_cli.data.mixing import Order, make_mixtures, roots_of
from separate_cli.data.mixtures import Mixture
from separate_cli.data.tables import read_table
from separate_cli.errors import InputError, UsageError
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.corpora.wham import Whamr

__all__ = ["Room", "make", "responses"]

Wave = NDArray[np.float64]

_RATE = 16000
_MEMBERS = {"mix_clean": ("s1", "s2"), "mix_both": ("s1", "s2", "noise"), "mix_single": ("s1", "noise")}
_POINTS = {
    "size": ("room_x", "room_y", "room_z"),
    "left": ("micL_x", "micL_y", "mic_z"),
    "right": ("micR_x", "micR_y", "mic_z"),
    "s1": ("s1_x", "s1_y", "s1_z"),
    "s2": ("s2_x", "s2_y", "s2_z"),
}


@dataclass(frozen=True)
class Room:
    """A box with two microphones and two speakers; all positions in metres."""

    size: tuple[float, ...]
    left: tuple[float, ...]
    right: tuple[float, ...]
    s1: tuple[float, ...]
    s2: tuple[float, ...]
    t60_seconds: float


def make(spec: Whamr, context: StageContext) -> None:
    """Make WHAMR!.

    Raises:
        UsageError: If pyroomacoustics is not installed.
        InputError: If a list or a source is missing or damaged.
        OutputError: If it does not fit on the disk.
    """
    _pyroomacoustics()
    rows = read_rows(spec, context)
    rooms = {part: _rooms(context.inputs["lists"] / f"reverb_params_{part}.csv") for part in WSJ0_PARTS}
    try:
        items = {f"{row.part}/{row.name}": (row, rooms[row.part][row.name]) for row in rows}
    except KeyError as error:
        raise InputError(f"The reverb_params have no room for {error}.", hint="Take the lists again.") from error
    finish("whamr", rows, make_mixtures(items, partial(_plan, spec, roots_of(context.inputs)), spec, context), context)


def responses(room: Room, *, reverberant: bool) -> list[list[Wave]]:
    """Room responses at 16 kHz, by microphone and source, each ``(time)``; with the direct sound only, or whole."""
    pra = _pyroomacoustics()
    x, y, z = room.size
    volume, surface, speed = x * y * z, 2 * (x * y + x * z + y * z), pra.constants.get("c")
    absorption = 24 * volume * np.log(10.0) / (speed * surface * room.t60_seconds)
    order = int(np.ceil(room.t60_seconds * speed / min(room.size))) if reverberant else 0
    box = pra.ShoeBox(
        room.size,
        fs=_RATE,
        materials=pra.Material(float(np.clip(1 - (1 - absorption) ** 2, 0.0, 1.0))),
        max_order=order,
        air_absorption=False,
    )
    box.add_source(room.s1)
    box.add_source(room.s2)
    box.add_microphone_array(np.array([room.left, room.right]).T)
    box.compute_rir()
    frames = int(np.ceil(room.t60_seconds * _RATE))
    return [[np.asarray(one)[:frames] for one in found] for found in box.rir]


def _plan(spec: Whamr, roots: Mapping[str, Path], item: tuple[Row, Room]) -> Order:
    """All signals of a mixture, ``(channel, time)``."""
    row, room = item
    speech = [read_audio(roots["wsj0"] / path)[0][0].astype(np.float64) for path in row.files]
    noise = _at_rate(read_audio(roots["wham_noise"] / row.part / row.name)[0].astype(np.float64), spec.sample_rate)
    noise = noise[: spec.channels] * row.noise_gain
    dry = [_at_rate(wave, spec.sample_rate) for wave in speech]
    start = row.start * spec.sample_rate // _RATE
    frames = noise.shape[1] if spec.mode == "max" else min(map(len, dry))
    heard = {
        "_anechoic": _in_room(speech, responses(room, reverberant=False), spec.sample_rate),
        "_reverb": _in_room(speech, responses(room, reverberant=True), spec.sample_rate),
    }
    levels = [gain * row.speech_gain for gain in row.mix_gains]
    scales = [
        np.sqrt(np.sum((level * wave) ** 2) / np.sum(direct[0] ** 2))
        for level, wave, direct in zip(levels, dry, heard["_anechoic"], strict=True)
    ]
    signals = {"noise": _placed(noise, -start if spec.mode == "min" else 0, frames)}
    for suffix, waves in heard.items():
        place = start if spec.mode == "max" else 0
        for name, scale, wave in zip(("s1", "s2"), scales, waves, strict=True):
            signals[name + suffix] = _placed(scale * wave[: spec.channels], place, frames)
        for name, members in _MEMBERS.items():
            parts = [signals[member if member == "noise" else member + suffix] for member in members]
            signals[name + suffix] = sum(parts[1:], parts[0])
    speakers = tuple(PurePosixPath(name).parent.name for name in row.names)
    identity = row.name.removesuffix(".wav")
    mixture = Mixture(identity, WSJ0_PARTS[row.part], spec.sample_rate, frames, {}, speakers=speakers)
    return Order(
        mixture,
        f"wav{spec.sample_rate // 1000}k/{spec.mode}/{row.part}",
        aliases={name: (f"{name}_anechoic",) for name in ("s1", "s2", *_MEMBERS)},
        waves={name: wave.astype(np.float32) for name, wave in signals.items()},
    )


def _in_room(speech: Sequence[Wave], rirs: Sequence[Sequence[Wave]], sample_rate: int) -> list[Wave]:
    """Each speaker as both microphones hear him, ``(microphone, time)``."""
    from scipy.signal import fftconvolve

    heard = []
    for source, wave in enumerate(speech):
        channels = [fftconvolve(wave, by_source[source]) for by_source in rirs]
        frames = max(map(len, channels))
        both = np.stack([np.pad(channel, (0, frames - len(channel))) for channel in channels])
        heard.append(_at_rate(both, sample_rate))
    return heard


def _at_rate(wave: Wave, sample_rate: int) -> Wave:
    if sample_rate == _RATE:
        return wave
    from scipy.signal import resample_poly

    changed: Wave = resample_poly(wave, sample_rate, _RATE, axis=-1)
    return changed


def _placed(wave: Wave, start: int, frames: int) -> Wave:
    """``frames`` samples, in which ``wave`` begins at ``start``; before 0, its beginning is cut off."""
    placed = np.zeros((len(wave), frames))
    cut = wave[:, max(0, -start) :][:, : frames - max(0, start)]
    placed[:, max(0, start) : max(0, start) + cut.shape[1]] = cut
    return placed


def _rooms(path: Path) -> dict[str, Room]:
    columns = sorted({name for point in _POINTS.values() for name in point})
    rows = read_table(path, ["utterance_id", "T60", *columns])
    return {
        row["utterance_id"]: Room(
            **{what: tuple(float(row[name]) for name in names) for what, names in _POINTS.items()},
            t60_seconds=float(row["T60"]),
        )
        for row in rows
    }


def _pyroomacoustics() -> Any:
    try:
        import pyroomacoustics
    except ImportError as error:
        raise UsageError(
            "WHAMR! needs pyroomacoustics, which simulates its rooms.", hint='pip install "separate-cli[rooms]"'
        ) from error
    return pyroomacoustics
