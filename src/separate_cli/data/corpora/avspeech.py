"""AVSpeech: mixtures that were made of it, and the faces of who speaks.

CSV (video_1, audio_1, video_2, audio_2, mixed_audio), VIDEO_partN.npy --> mix_clean, s1, s2, facts["faces"]
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from separate_cli.data.corpora.listed import Entry, list_mixtures, within
from separate_cli.data.mixing import roots_of
from separate_cli.data.tables import read_table
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.corpora.avspeech import AvSpeech

__all__ = ["make"]

_PART = re.compile(r"_part(\d+)")


def make(spec: AvSpeech, context: StageContext) -> None:
    """List all mixtures.

    Raises:
        InputError: If a list or files of it are missing, or it is of another kind.
    """
    root = roots_of(context.inputs)["avspeech"]
    entries = [entry for name, part in spec.lists.items() for entry in _entries(spec, root, root / name, part)]
    list_mixtures("avspeech", entries, spec, context, corpus="avspeech", trim=True)


def _entries(spec: AvSpeech, root: Path, path: Path, part: str) -> Iterator[Entry]:
    numbers = range(1, spec.n_src + 1)
    columns = [f"{kind}_{i}" for i in numbers for kind in ("video", "audio")]
    faces = {one.name: one.relative_to(root).as_posix() for one in root.rglob("*.npy")}
    for row in read_table(path, [*columns, "mixed_audio"]):
        signals = {f"s{i}": within(root, row[f"audio_{i}"]) for i in numbers}
        signals["mix_clean"] = within(root, row["mixed_audio"])
        videos = [PurePosixPath(row[f"video_{i}"]).stem for i in numbers]
        spoken = [_PART.search(row[f"audio_{i}"]) for i in numbers]
        names = [f"{video}_part{found[1] if found else 0}.npy" for video, found in zip(videos, spoken, strict=True)]
        facts = {"faces": [["avspeech", faces[name]] for name in names]} if faces.keys() >= set(names) else {}
        yield Entry(PurePosixPath(row["mixed_audio"]).stem, part, signals, tuple(videos), facts)
