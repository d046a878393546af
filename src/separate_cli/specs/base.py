"""The base of all specs: frozen, strict about unknown fields, and with an identity.

    Spec --identity()--> plain JSON-able mapping of what decides the result --digest()--> SHA-256

``budget`` and ``runtime`` fields are outside the identity: a budget (epochs, patience) may be raised later and re-opens
the same run; a run-time knob (device, workers) changes how fast the result comes, never what it is.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

__all__ = ["Spec"]


class Spec(BaseModel):
    """Something that the user may ask for."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)

    budget: ClassVar[frozenset[str]] = frozenset()
    runtime: ClassVar[frozenset[str]] = frozenset()

    def identity(self) -> dict[str, Any]:
        """What decides the result: every resolved field, defaults included, budget and run-time knobs left out.

        Nested specs leave out their own budget and run-time fields too.
        """
        return {
            name: _plain(getattr(self, name))
            for name in type(self).model_fields
            if name not in self.budget | self.runtime
        }

    def digest(self) -> str:
        """SHA-256 of the identity, in hexadecimal. The order of fields does not matter.

        >>> class Beep(Spec):
        ...     seconds: float = 1.0
        >>> Beep().digest() == Beep(seconds=1.0).digest()
        True
        """
        text = json.dumps(self.identity(), sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """Turn a field's value into what JSON can hold, with nested specs reduced to their identities."""
    if isinstance(value, Spec):
        return value.identity()
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(_plain(item) for item in value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)
