"""The files of WSJ0, wherever and in whatever form they are.

    root/**/{si_tr_s,si_dt_05,si_et_05}/SPEAKER/UTTERANCE.{wav,flac,wv1,sph} --index_wsj0--> "01to030v" → path

LDC's discs have SPHERE files, most people WAV; lists name the WAV. Of several files the plainest
counts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath

from separate_cli.errors import InputError

__all__ = ["WSJ0_PARTS", "find_utterances", "index_wsj0"]

WSJ0_PARTS = {"tr": "train", "cv": "valid", "tt": "test"}
"""What the lists of WSJ0's mixtures call the parts."""

_FORMS = (".wav", ".flac", ".sph", ".wv1")
_NAMED = 3


def index_wsj0(root: Path) -> dict[str, str]:
    """Utterance, in lower case → path relative to ``root``."""
    found: dict[str, str] = {}
    for form in reversed(_FORMS):
        for path in sorted(root.rglob("*")):
            if path.suffix.lower() == form and not path.name.startswith("."):
                found[path.stem.lower()] = path.relative_to(root).as_posix()
    return found


def find_utterances(names: Collection[str], root: Path) -> Mapping[str, str]:
    """Path in a list, such as ``wsj0/si_tr_s/01t/01to030v.wav`` → path relative to ``root``.

    Raises:
        InputError: If some are missing; says how many, and which ones come first.
    """
    index = index_wsj0(root)
    found = {name: index.get(PurePosixPath(name).stem.lower()) for name in names}
    missing = sorted(name for name, path in found.items() if path is None)
    if missing:
        first = ", ".join(missing[:_NAMED]) + (", ..." if len(missing) > _NAMED else "")
        raise InputError(
            f"{len(missing)} of {len(names)} utterances are missing in {root}: {first}",
            hint="WSJ0 is LDC93S6A, from the Linguistic Data Consortium; set prepare.speech.wsj0.path to it.",
        )
    return {name: path for name, path in found.items() if path is not None}
