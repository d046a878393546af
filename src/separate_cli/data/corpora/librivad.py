"""LibriVAD: recordings and where somebody speaks.

[{"mixture_path": PATH, "VAD": {"start": [...], "stop": [...]}}, ...] --> mix_both, facts["speech"]
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from separate_cli.data.corpora.listed import Entry, list_mixtures, read_json, within
from separate_cli.data.mixing import roots_of
from separate_cli.errors import InputError
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.corpora.librivad import LibriVad

__all__ = ["make"]


def make(spec: LibriVad, context: StageContext) -> None:
    """List all recordings.

    Raises:
        InputError: If a list or files of it are missing, or it is of another kind.
    """
    root = roots_of(context.inputs)["librivad"]
    entries = [entry for name, part in spec.lists.items() for entry in _entries(root, name, part)]
    list_mixtures("librivad", entries, spec, context, corpus="librivad")


def _entries(root: Path, name: str, part: str) -> Iterator[Entry]:
    try:
        for row in read_json(root / name):
            path, times = within(root, row["mixture_path"]), row["VAD"]
            stretches = [[int(start), int(stop)] for start, stop in zip(times["start"], times["stop"], strict=True)]
            yield Entry(PurePosixPath(path).stem, part, {"mix_both": path}, facts={"speech": stretches})
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{root / name} is no list of LibriVAD: {error!r}.", hint="Make it again.") from error
