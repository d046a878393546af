"""NIST SPHERE files that are compressed with Shorten, as LDC's older corpora are.

    path --header says shorten--> desphere --> WAV in memory

libsndfile reads plain SPHERE files; this is for what it refuses.

Checked: tests/audio/test_sphere.py (against what was packed).
"""

from __future__ import annotations

import io
from pathlib import Path

from separate_cli.errors import InputError

__all__ = ["unpack_sphere"]

_MARK = b"NIST_1A"
_CONVERT = "sph2pipe -f wav IN OUT.wav converts it, too."


def unpack_sphere(path: Path) -> io.BytesIO | None:
    """A SPHERE file as a WAV file in memory; None if it is no SPHERE file.

    Raises:
        InputError: If it is damaged, or what unpacks it is not installed.
    """
    with path.open("rb") as stream:
        if stream.read(len(_MARK)) != _MARK:
            return None
    try:
        from desphere import DesphereError, transcode_bytes
    except ImportError as error:
        raise InputError(
            f"{path} is a compressed SPHERE file.", hint=f'pip install "separate-cli[sphere]" reads it. {_CONVERT}'
        ) from error
    try:
        return io.BytesIO(transcode_bytes(path.read_bytes()))
    except DesphereError as error:
        raise InputError(f"{path} is a SPHERE file that cannot be read: {error}.", hint=_CONVERT) from error
