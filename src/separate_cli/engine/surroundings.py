"""Where a run happens: versions of all packages, the machine, and the state of the working directory in git.

Nothing secret is looked at: no environment variables, no addresses of remotes.
"""

from __future__ import annotations

import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

from separate_cli.pipeline.executors import available_cpus

__all__ = ["describe_surroundings"]

_SECONDS = 10
_MOST_FILES = 100


def describe_surroundings(folder: Path) -> dict[str, Any]:
    """Everything about this process that a repetition elsewhere may want to know, JSON-able.

    Args:
        folder: Whose state in git counts; the current one, as a rule.
    """
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "cpus": available_cpus(),
        "threads": torch.get_num_threads(),
        "gpus": [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())],
        "packages": {one.metadata["Name"]: one.version for one in _distributions()},
        "git": _git(folder),
    }


def _distributions() -> list[metadata.Distribution]:
    found = {one.metadata["Name"]: one for one in metadata.distributions() if one.metadata["Name"]}
    return [found[name] for name in sorted(found, key=str.casefold)]


def _git(folder: Path) -> dict[str, Any] | None:
    """Commit, branch and changed files; None outside a repository, or where there is no git."""
    commit = _ask(folder, "rev-parse", "HEAD")
    if commit is None:
        return None
    changed = (_ask(folder, "status", "--porcelain") or "").splitlines()
    branch = _ask(folder, "rev-parse", "--abbrev-ref", "HEAD")
    return {"commit": commit.strip(), "branch": (branch or "").strip(), "changed": changed[:_MOST_FILES]}


def _ask(folder: Path, *words: str) -> str | None:
    command = ["git", "-c", "core.fsmonitor=false", *words]  # a repository's own programs are not run
    try:
        done = subprocess.run(  # noqa: S603  fixed words
            command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
