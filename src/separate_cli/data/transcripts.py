"""What is said in recordings, where their corpus has written it down.

    84/121123/84-121123-0003.flac --84/121123/84-121123.trans.txt--> "SO MUCH THE WORSE"

Checked: tests/data/test_transcripts.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

__all__ = ["transcript_of"]


def transcript_of(recording: Path) -> str | None:
    """What is said in a recording, by the list of LibriSpeech's layout beside it; None where there is none."""
    chapter = recording.stem.rpartition("-")[0]
    return _read(recording.with_name(f"{chapter}.trans.txt")).get(recording.stem)


@lru_cache(maxsize=256)
def _read(path: Path) -> Mapping[str, str]:
    try:
        lines = path.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    named = (line.partition(" ") for line in lines)
    return {name: text.strip() for name, _, text in named if text.strip()}
