"""Which local file a model reference means.

demask                 bundled with the package
path/to/model.pth      a checkpoint file
exp/demask/train/KEY   a run folder: its best model
"""

from __future__ import annotations

import difflib
from pathlib import Path

from separate_cli.errors import InputError

__all__ = ["bundled", "locate"]

_BUNDLED = Path(__file__).parent / "bundled"
_IN_A_FOLDER = ("best.safetensors", "model.safetensors", "best_model.pth", "model.pth", "pytorch_model.bin")


def bundled() -> dict[str, Path]:
    """Names and files of the models that come with the package."""
    return {path.stem: path for path in sorted(_BUNDLED.glob("*.safetensors"))}


def locate(reference: str) -> Path:
    """Find the file that ``reference`` means. An existing path wins only if it is no bundled name.

    Raises:
        InputError: If nothing is found; names the closest bundled models.
    """
    known = bundled()
    if reference.casefold() in known:
        return known[reference.casefold()]
    path = Path(reference).expanduser()
    if path.is_dir():
        return _in_folder(path)
    if path.exists():
        return path
    close = difflib.get_close_matches(reference.casefold(), known, n=3, cutoff=0.4) or list(known)
    raise InputError(
        f"There is no model {reference!r}: neither a bundled model nor a file.",
        hint=f"Bundled: {', '.join(close)}. A path to a checkpoint file works too.",
    )


def _in_folder(folder: Path) -> Path:
    for name in _IN_A_FOLDER:
        if (folder / name).is_file():
            return folder / name
    raise InputError(
        f"{folder} holds no model: expected one of {', '.join(_IN_A_FOLDER)}.",
        hint="Name the checkpoint file itself, or a finished training folder.",
    )
