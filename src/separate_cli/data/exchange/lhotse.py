"""Lhotse's cuts: one JSON object a line, the mixture as the recording, the other signals as custom recordings.

    {"id", "type": "MonoCut", "start", "duration", "recording": {"sources": [{"type": "file", "source": path}], ...},
     "custom": {"s1": {a recording}, "s2": {a recording}, "input": "mix_clean", "part": "train"}}

Lhotse is not needed: these are plain dictionaries, which ``lhotse.load_manifest`` reads, and of which the custom
recordings load with ``cut.load_s1()``.

Checked: tests/data/exchange/test_lhotse.py (round trip; the fields that Lhotse asks for).
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from separate_cli.audio.probe import probe
from separate_cli.data.corpus import Corpus
from separate_cli.data.exchange.files import file_of, root_of
from separate_cli.data.mixtures import Mixture, Piece, Signal
from separate_cli.errors import InputError
from separate_cli.files import write_bytes

__all__ = ["read_lhotse", "write_lhotse"]

_INPUTS = ("mix_both", "mix_clean", "mix_single", "mixture")
_OWN = ("input", "part")


def read_lhotse(path: Path, *, part: str = "train") -> list[Mixture]:
    """Mixtures of a file of cuts, ``.jsonl`` or ``.jsonl.gz``.

    Args:
        path: The file.
        part: Which part cuts belong to that do not say so themselves.

    Raises:
        InputError: If it cannot be read, or has cuts that are not of one recording.
    """
    mixtures = []
    for number, cut in enumerate(_lines(path), start=1):
        try:
            mixtures.append(_mixture(cut, path, part))
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise InputError(
                f"{path}:{number}: not a cut of one recording in files: {error!r}.",
                hint="Mixed, padded or in-memory cuts have to be saved as audio first: cuts.save_audios(...)",
            ) from error
    return mixtures


def write_lhotse(mixtures: Iterable[Mixture], corpus: Corpus, path: Path, *, heard: str | None = None) -> list[Path]:
    """Write cuts; compressed if the name ends in ``.gz``.

    Args:
        mixtures: What to write.
        corpus: Where their files are.
        path: Where to.
        heard: The signal that is the recording; None: the first of mix_both, mix_clean, mix_single, mixture.

    Returns:
        The file.

    Raises:
        InputError: If a signal is not a file by itself.
        OutputError: If it cannot be written.
    """
    lines = [json.dumps(_cut(mixture, corpus, heard), ensure_ascii=False) + "\n" for mixture in mixtures]
    content = "".join(lines).encode()
    write_bytes(path, gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
    return [path]


def _lines(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        content = path.read_bytes()
        text = (gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content).decode("utf-8")
        yield from (json.loads(line) for line in text.splitlines() if line.strip())
    except (OSError, EOFError, ValueError) as error:
        raise InputError(
            f"Cannot read {path}: {error}.", hint="Give a file of Lhotse's cuts, .jsonl or .jsonl.gz."
        ) from error


def _mixture(cut: Mapping[str, Any], path: Path, part: str) -> Mixture:
    recording, custom = cut["recording"], cut.get("custom") or {}
    rate = int(recording["sampling_rate"])
    start, frames = round(cut["start"] * rate), round(cut["duration"] * rate)
    others = {name: value for name, value in custom.items() if isinstance(value, dict) and "sources" in value}
    channel = cut["channel"] if isinstance(cut.get("channel"), int) else None
    signals: dict[str, Signal] = {
        str(custom.get("input", "mix_clean")): _piece(recording, path, start, frames, channel),
        **{name: _piece(value, path, start, frames, None) for name, value in others.items()},
    }
    speakers = [row.get("speaker") for row in cut.get("supervisions", ())]
    facts = {name: value for name, value in custom.items() if name not in others and name not in _OWN}
    named = tuple(str(speaker) for speaker in speakers) if all(speakers) else ()
    return Mixture(cut["id"], str(custom.get("part", part)), rate, frames, signals, speakers=named, facts=facts)


def _piece(recording: Mapping[str, Any], path: Path, start: int, frames: int, channel: int | None) -> Piece:
    (source,) = recording["sources"]
    if source["type"] != "file" or recording.get("transforms"):
        raise ValueError("a recording that is not a file as it is")
    is_whole = start == 0 and frames == recording["num_samples"]
    channels = list(source["channels"])
    place = (root_of(source["source"], path) / source["source"]).absolute().as_posix()
    wanted = channels.index(channel) if channel is not None and len(channels) > 1 else None
    return Piece(place, start=start, frames=None if is_whole else frames, channel=wanted)


def _cut(mixture: Mixture, corpus: Corpus, heard: str | None) -> dict[str, Any]:
    name = heard or next((name for name in _INPUTS if name in mixture.signals), "mixture")
    recordings = {signal: _recording(mixture, signal, corpus) for signal in {name: None, **mixture.signals}}
    seconds, main = mixture.frames / mixture.sample_rate, recordings.pop(name)
    speech = [
        {
            "id": f"{mixture.id}-{i}",
            "recording_id": main["id"],
            "start": 0.0,
            "duration": seconds,
            "channel": 0,
            "speaker": speaker,
        }
        for i, speaker in enumerate(mixture.speakers, start=1)
    ]
    channels = main["channel_ids"]
    return {
        "id": mixture.id,
        "start": 0.0,
        "duration": seconds,
        "channel": channels[0] if len(channels) == 1 else channels,
        "supervisions": speech,
        "recording": main,
        "custom": {**mixture.facts, **recordings, "input": name, "part": mixture.part},
        "type": "MonoCut" if len(channels) == 1 else "MultiCut",
    }


def _recording(mixture: Mixture, name: str, corpus: Corpus) -> dict[str, Any]:
    path = file_of(corpus, mixture, name)
    info = probe(path)
    channels = list(range(info.channels))
    return {
        "id": f"{mixture.id}-{name}",
        "sources": [{"type": "file", "channels": channels, "source": path.as_posix()}],
        "sampling_rate": info.sample_rate,
        "num_samples": info.frames,
        "duration": info.duration_seconds,
        "channel_ids": channels,
    }
