"""Why a stage has to run, in a person's words: what is different from the last time."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from separate_cli.pipeline.hashes import Content
from separate_cli.pipeline.record import Record, read_record
from separate_cli.report.amounts import duration

__all__ = ["ago", "changes", "flatten", "newest", "raised"]

_MOST = 4
_WIDTH = 40
_ABSENT = object()


def newest(folder: Path) -> Record | None:
    """The result of a stage folder (``exp/RUN/STAGE``) that was finished last."""
    found = [record for path in folder.glob("*") if "." not in path.name and (record := read_record(path)) is not None]
    return max(found, key=lambda record: record.finished, default=None)


def changes(earlier: Record, *, version: int, spec: Mapping[str, Any], inputs: Mapping[str, Content]) -> str:
    """How a stage differs from an earlier result: ``model.n_filters 256 → 512, speech changed (12 → 13 files)``."""
    found = [] if version == earlier.version else [f"stage version {earlier.version} → {version}"]
    old, new = flatten(earlier.spec), flatten(spec)
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name, _ABSENT), new.get(name, _ABSENT)
        if before != after:
            found.append(f"{name} {_show(before)} → {_show(after)}")
    for name in sorted(earlier.inputs.keys() | inputs.keys()):
        found.extend(_input_change(name, earlier.inputs.get(name), inputs.get(name)))
    rest = f", and {len(found) - _MOST} more" if len(found) > _MOST else ""
    return ", ".join(found[:_MOST]) + rest


def raised(asked: Mapping[str, Any], granted: Mapping[str, Any]) -> str:
    """Which budgets are higher than those of a finished result: ``epochs 100 → 200``. None stands for no limit.

    >>> raised({"epochs": 200, "patience": None}, {"epochs": 100, "patience": 5})
    'epochs 100 → 200, patience 5 → no limit'
    >>> raised({"epochs": 50}, {"epochs": 100})
    ''
    """
    return ", ".join(
        f"{name} {_limit(granted.get(name))} → {_limit(value)}"
        for name, value in asked.items()
        if name not in granted or _exceeds(value, granted[name])
    )


def ago(moment: float) -> str:
    """How long ago a time was: ``3 min 20 s ago``."""
    return f"{duration(max(time.time() - moment, 0))} ago"


def flatten(document: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Dotted names → values; lists count as values.

    >>> flatten({"model": {"name": "DeMask", "args": {"n_filters": 512}}, "seed": 0})
    {'model.name': 'DeMask', 'model.args.n_filters': 512, 'seed': 0}
    """
    flat: dict[str, Any] = {}
    for name, value in document.items():
        if isinstance(value, Mapping) and value:
            flat.update(flatten(value, f"{prefix}{name}."))
        else:
            flat[prefix + name] = value
    return flat


def _exceeds(asked: Any, granted: Any) -> bool:
    if isinstance(asked, (int, float)) and isinstance(granted, (int, float)):
        return asked > granted
    return granted is not None if asked is None else granted is not None and asked != granted


def _limit(value: Any) -> str:
    return "no limit" if value is None else _show(value)


def _show(value: Any) -> str:
    if value is _ABSENT:
        return "(absent)"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"


def _input_change(name: str, before: Content | None, after: Content | None) -> list[str]:
    if before is None or after is None:
        return [f"{name} {'removed' if after is None else 'added'}"]
    if before.digest == after.digest:
        return []
    return [f"{name} changed" + (f" ({before.files} → {after.files} files)" if before.files != after.files else "")]
