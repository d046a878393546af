"""A stage's key: the same key, the same result.

    name + version + identity of the spec + content hash of every input --> SHA-256

Paths, dates, machines and budgets are no part of it, so a moved corpus or a second computer gives the same key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

__all__ = ["SHORT", "json_digest", "stage_key"]

SHORT = 16
"""How many digits of a key name a folder: 64 bits, so a million keys clash in one of 37 million workspaces."""


def json_digest(document: Any) -> str:
    """SHA-256 of a JSON document, in hexadecimal; the order of mapping keys does not matter.

    >>> json_digest({"a": 1, "b": 2}) == json_digest({"b": 2, "a": 1})
    True
    """
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def stage_key(name: str, version: int, identity: Mapping[str, Any], inputs: Mapping[str, str]) -> str:
    """The key of a stage.

    Args:
        name: The stage's name.
        version: The stage's version.
        identity: ``Spec.identity()`` of its spec.
        inputs: Input name → content hash.

    >>> stage_key("train", 1, {"seed": 0}, {"data": "ab"})[:8]
    '2bc61ee8'
    """
    return json_digest({"stage": name, "version": version, "spec": dict(identity), "inputs": dict(inputs)})
