"""What outputs are called, so that no two recordings ever claim the same name.

    talk.wav      --one enhanced source-->  talk_enhanced.wav
                  --two alike-->            talk_est1.wav talk_est2.wav
                  --named sources-->        talk_vocals.wav talk_drums.wav
    a.wav, a.mp3  --both become WAV-->      a_wav_enhanced.wav a_mp3_enhanced.wav

Outputs lie next to their recording, or in a mirror of its folder under an output folder.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from separate_cli.audio.formats import Container, output_suffix
from separate_cli.inference.discover import Found

__all__ = ["name_targets", "source_tags"]


def source_tags(n_sources: int, source_names: Sequence[str] | None = None) -> list[str]:
    """What tells the outputs of one recording apart.

    >>> source_tags(1), source_tags(2), source_tags(2, ["vocals", "rest of it"])
    (['enhanced'], ['est1', 'est2'], ['vocals', 'rest-of-it'])
    >>> source_tags(3, ["a b", "A-b", "a-b-2"])  # one file each, also where names do not tell capitals apart
    ['a-b-1', 'A-b-2', 'a-b-2-3']
    """
    if source_names is not None:
        tags = [re.sub(r"[^\w.+-]+", "-", name) for name in source_names]
        counts = Counter(tag.casefold() for tag in tags)
        if counts.total() == len(counts):
            return tags
        return [f"{tag}-{source + 1}" for source, tag in enumerate(tags)]
    return ["enhanced"] if n_sources == 1 else [f"est{source + 1}" for source in range(n_sources)]


def name_targets(
    recordings: Sequence[Found], tags: Sequence[str], *, output: Path | None = None, container: Container = "auto"
) -> list[list[Path]]:
    """Outputs of each recording, in the order of ``tags``.

    Where two recordings would get the same names, all that are concerned get longer ones: first with the suffix of
    the recording, then also with its folders below the folder that all recordings have in common. So the names depend
    on which recordings there are, never on their order.

    >>> here = Path("songs")
    >>> [[a], [b]] = name_targets([Found(here / name, here, True) for name in ("a.wav", "a.mp3")], ["enhanced"])
    >>> a.as_posix(), b.as_posix()
    ('songs/a_wav_enhanced.wav', 'songs/a_mp3_enhanced.wav')
    """
    common = _common_folder(recordings)
    ladders = [_stems(one, output, common) for one in recordings]
    suffixes = [output_suffix(one.path.suffix, container) for one in recordings]
    rungs = [0] * len(recordings)
    while True:
        stems = [ladder[rung] for ladder, rung in zip(ladders, rungs, strict=True)]
        keys = [os.path.normcase(f"{stem}{suffix}") for stem, suffix in zip(stems, suffixes, strict=True)]
        counts = Counter(keys)
        clashing = [i for i, key in enumerate(keys) if counts[key] > 1 and rungs[i] + 1 < len(ladders[i])]
        if not clashing:
            break
        for i in clashing:
            rungs[i] += 1
    return [
        [stem.with_name(f"{stem.name}_{tag}{suffix}") for tag in tags]
        for stem, suffix in zip(stems, suffixes, strict=True)
    ]


def _common_folder(recordings: Sequence[Found]) -> Path | None:
    """The deepest folder that holds all; None on several Windows drives."""
    try:
        return Path(os.path.commonpath([one.path.parent.resolve() for one in recordings]))
    except ValueError:
        return None


def _stems(one: Found, output: Path | None, common: Path | None) -> list[Path]:
    """Names without tag and suffix, from the shortest to one that no other recording can have."""
    folder = one.path.parent
    short, long = one.path.stem, one.path.name.replace(".", "_")
    if output is None:
        return [folder / short, folder / long]
    mirrored = output / folder.relative_to(one.root)
    whole = folder.resolve()
    drive = re.sub(r"\W+", "", whole.anchor)
    distinct = output / (drive / whole.relative_to(whole.anchor) if common is None else whole.relative_to(common))
    return [mirrored / short, mirrored / long, distinct / short, distinct / long]
