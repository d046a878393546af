"""What was behind a web address when it was first used: it has to stay that.

cache_folder()/known_addresses.json   address → SHA-256; kept when the files themselves are cleared away
"""

from __future__ import annotations

import json
from pathlib import Path

from separate_cli.files import write_json
from separate_cli.settings import cache_folder

__all__ = ["known_content", "remember_content"]


def known_content(url: str) -> str | None:
    """SHA-256 of what was at ``url``, in hexadecimal; None if it was never used."""
    return _read().get(url)


def remember_content(url: str, sha256: str) -> None:
    """Note what is at ``url`` from now on."""
    from filelock import FileLock

    path = _path()
    if known_content(url) == sha256:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock")):
        write_json(path, {**_read(), url: sha256})


def _path() -> Path:
    return cache_folder() / "known_addresses.json"


def _read() -> dict[str, str]:
    try:
        content = json.loads(_path().read_bytes())
    except (OSError, ValueError):
        return {}
    return {str(url): str(sha256) for url, sha256 in content.items()} if isinstance(content, dict) else {}
