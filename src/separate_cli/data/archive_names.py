"""Where a member of an archive may go: below one folder, under a plain name, once.

"LibriSpeech/dev-clean/84/x.flac" --top "LibriSpeech" left out--> "dev-clean/84/x.flac"
"../x", "/etc/x", "C:\\\\x", two of the same name, a file where a folder is --> RefusedError
"""

from __future__ import annotations

import re
import sys
import unicodedata

from separate_cli.errors import RefusedError

__all__ = ["Places", "refused"]

_JUNK = frozenset({"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"})
_RESERVED = ".sep"
"""Our own notes; an archive must not bring any."""
_DEEPEST = 64
_LONGEST_NAME_BYTES = 255
_FOLDS_CASE = sys.platform in {"win32", "darwin"}
"""Where A.wav and a.wav are the same file."""
_DRIVE = re.compile(r"[A-Za-z]:")


def refused(archive: str, why: str) -> RefusedError:
    """The error for an archive that is not to be trusted."""
    return RefusedError(
        f"{archive} is refused: {why}.",
        hint="Nothing of it was kept. Get it from its publisher, or use another mirror.",
    )


class Places:
    """Gives each member its place, and refuses the archive when one has none.

    Args:
        archive: Its name, for messages.
        top: Leading folder that is left out, with ``/`` between parts; may be empty.
    """

    def __init__(self, archive: str, top: str = "") -> None:
        self._archive = archive
        self._top = tuple(part for part in top.split("/") if part)
        self._files: set[str] = set()
        self._folders: set[str] = set()

    def of(self, name: str, *, is_folder: bool = False) -> str | None:
        """The place of a member, relative, with ``/``; None if it is nothing worth keeping.

        Raises:
            RefusedError: If the name leads elsewhere, or was there before.
        """
        parts = self._parts(name)
        if parts[: len(self._top)] == self._top:
            parts = parts[len(self._top) :]
        if not parts or _JUNK & set(parts):
            return None
        if parts[0].casefold() == _RESERVED:
            raise refused(self._archive, f"it holds {name!r}, a place of our own")
        place = "/".join(parts)
        above = {_key("/".join(parts[:n])) for n in range(1, len(parts))}
        key = _key(place)
        if key in self._files or above & self._files or (not is_folder and key in self._folders):
            raise refused(self._archive, f"it holds {name!r} twice")
        self._folders |= above
        (self._folders if is_folder else self._files).add(key)
        return place

    def linked(self, name: str, target: str, *, is_relative: bool) -> str:
        """The place that a link points to.

        Args:
            name: The link.
            target: What it says.
            is_relative: Whether that counts from the link's folder (symbolic links) or from the top (hard links).

        Raises:
            RefusedError: If that is not a file that came before it.
        """
        steps = [*self._parts(name)[:-1]] if is_relative else []
        if target.startswith(("/", "\\")) or _DRIVE.match(target):
            raise refused(self._archive, f"its link {name!r} leads outside")
        for step in re.split(r"[/\\]", target):
            if step == "..":
                if not steps:
                    raise refused(self._archive, f"its link {name!r} leads outside")
                steps.pop()
            elif step not in {"", "."}:
                steps.append(unicodedata.normalize("NFC", step))
        if tuple(steps[: len(self._top)]) == self._top:
            steps = steps[len(self._top) :]
        place = "/".join(steps)
        if _key(place) not in self._files:
            raise refused(self._archive, f"its link {name!r} leads to no file of its own")
        return place

    def _parts(self, name: str) -> tuple[str, ...]:
        if name.startswith(("/", "\\")) or _DRIVE.match(name):
            raise refused(self._archive, f"it holds {name!r}, which leads outside")
        parts = [unicodedata.normalize("NFC", part) for part in re.split(r"[/\\]", name) if part not in {"", "."}]
        for part in parts:
            if part == "..":
                raise refused(self._archive, f"it holds {name!r}, which leads outside")
            if not part.isprintable() or len(part.encode("utf-8", "surrogatepass")) > _LONGEST_NAME_BYTES:
                raise refused(self._archive, f"it holds the name {name[:80]!r}")
        if len(parts) > _DEEPEST:
            raise refused(self._archive, f"its folders are more than {_DEEPEST} deep")
        return tuple(parts)


def _key(place: str) -> str:
    return place.casefold() if _FOLDS_CASE else place
