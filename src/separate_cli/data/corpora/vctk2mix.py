"""VCTK-2Mix from its official list, to test on.

    wav48/p225/p225_001.wav --cut the silence before the speech, convert--> wav16_cut/p225_001.wav
    VCTK2mix_VCTK_md.csv --gained--> VCTK-2Mix/wav8k/min/test/{s1,s2,noise,mix_clean,mix_both,mix_single}/ID.wav

Source: github.com/JorisCos/VCTK-2Mix, ``preproccesing.py`` and ``create_VCTKmix_from_metadata.py``.
Checked: tests/data/corpora/test_vctk2mix.py (cut, against a plain restatement).
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from separate_cli.audio.encode import encode_audio
from separate_cli.audio.formats import AudioFormat
from separate_cli.audio.reader import read_audio
from separate_cli.data.corpora.gained import Family, make_gained, read_rows
from separate_cli.data.making import Made, make_all
from separate_cli.data.mixing import roots_of
from separate_cli.data.pieces import round_as_file
from separate_cli.errors import InputError
from separate_cli.files import write_bytes
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.corpora.vctk2mix import Vctk2Mix

__all__ = ["make", "speech_start"]

_RATE = 16000
_FRAME, _HOP, _BELOW_DB = 2048, 512, 20.0
_CUT = "wav16_cut"


def make(spec: Vctk2Mix, context: StageContext) -> None:
    """Make VCTK-2Mix.

    Raises:
        InputError: If the list or a source is missing or damaged.
        OutputError: If it does not fit on the disk.
    """
    place = f"VCTK-2Mix/wav{spec.sample_rate / 1000:g}k/{spec.mode}/test"
    rows = list(read_rows(spec, context.inputs["lists"] / "VCTK2mix_VCTK_md.csv", part="test", place=place))
    root = roots_of(context.inputs)["vctk"]
    hint = "Get VCTK (sep data ls vctk), or set prepare.speech.vctk.path to its folder."
    if (root / _CUT).is_dir():
        make_gained(Family("VCTK-2Mix", "vctk-2mix", "vctk", hint), spec, rows, context)
        return
    _cut_all({path for row in rows for path, _ in row.sources}, root, spec, context, hint=hint)
    folder = context.folder
    make_gained(Family("VCTK-2Mix", "vctk-2mix", "vctk", hint, folder), spec, rows, context)


def speech_start(wave: NDArray[np.float32]) -> int:
    """First sample of the first frame that is less than 20 dB below the loudest, ``wave`` being ``(time)``.

    Source: ``librosa.effects.split``, with its frames of 2048 samples every 512, centred.
    """
    padded = np.pad(wave.astype(np.float64), _FRAME // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FRAME)[::_HOP]
    power = np.mean(frames**2, axis=1)
    loud = power > power.max(initial=0.0) * 10 ** (-_BELOW_DB / 10)
    return int(np.argmax(loud)) * _HOP


def _cut_all(paths: set[str], root: Path, spec: Vctk2Mix, context: StageContext, *, hint: str) -> None:
    """Write ``wav16_cut/NAME.wav`` of every utterance that the list names."""
    there = {path.stem.removesuffix("_mic1"): path for form in ("*.flac", "*.wav") for path in sorted(root.rglob(form))}
    missing = sorted(path for path in paths if PurePosixPath(path).stem not in there)
    if missing:
        raise InputError(f"{len(missing)} of {len(paths)} utterances are missing in {root}: {missing[0]}", hint=hint)
    items = {f"cut/{path}": (there[PurePosixPath(path).stem], path) for path in sorted(paths)}
    make_all(
        items,
        partial(_cut),
        replace(context, shard=None),
        executor=spec.executor,
        unit="utterances",
        bytes_each=2 * _RATE * 4,
    )


def _cut(item: tuple[Path, str], folder: Path) -> Made:
    from scipy.signal import resample_poly

    source, path = item
    wave, rate = read_audio(source)
    voice = resample_poly(wave[0, speech_start(wave[0]) :], _RATE, rate)[np.newaxis].astype(np.float32)
    write_bytes(
        folder / path, encode_audio(round_as_file(voice, 16), _RATE, AudioFormat("WAV", "PCM_16")), durable=False
    )
    return Made(None, (path,))
