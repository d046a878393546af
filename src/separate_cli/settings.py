"""Where things live: read from the environment when asked, never at import.

SEP_ROOT     workspace that holds ``data/`` and ``exp/`` (default: the current folder)
SEP_CACHE    models and downloads (default: the user's cache folder)
SEP_OFFLINE  1 forbids every network access
SEP_ZENODO_URL, HF_ENDPOINT  other servers in place of Zenodo (also of its sandbox) and of Hugging Face
"""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["cache_folder", "hugging_face_url", "is_offline", "workspace", "zenodo_url"]


def workspace(root: Path | None = None) -> Path:
    """The folder that holds ``data/`` and ``exp/``: ``root``, else ``SEP_ROOT``, else the current folder."""
    chosen = root if root is not None else Path(os.environ.get("SEP_ROOT") or ".")
    return chosen.expanduser().absolute()


def cache_folder() -> Path:
    """The folder for models and downloads: ``SEP_CACHE``, else the user's cache folder of this platform."""
    from platformdirs import user_cache_path

    chosen = os.environ.get("SEP_CACHE")
    return Path(chosen).expanduser().absolute() if chosen else user_cache_path("sep")


def is_offline() -> bool:
    """Whether ``SEP_OFFLINE`` forbids network access."""
    return os.environ.get("SEP_OFFLINE", "").strip().lower() not in {"", "0", "false", "no"}


def zenodo_url(*, sandbox: bool = False) -> str:
    """Address of Zenodo, or of the sandbox for trials, without a final slash."""
    usual = "https://sandbox.zenodo.org" if sandbox else "https://zenodo.org"
    return (os.environ.get("SEP_ZENODO_URL") or usual).rstrip("/")


def hugging_face_url() -> str:
    """Address of Hugging Face, without a final slash."""
    return (os.environ.get("HF_ENDPOINT") or "https://huggingface.co").rstrip("/")
