"""The base of all specs: frozen, strict about unknown fields, and with an identity.

    Spec --identity()--> plain JSON-able mapping of what decides the result --digest()--> SHA-256
         --sources()---> the user's files that it reads; their content counts, not their path
         --allowance()-> the budget: how much work is asked for

``budget`` and ``runtime`` fields are outside the identity: a budget (epochs, patience) may be raised later and re-opens
the same run; a run-time knob (device, workers) changes how fast the result comes, never what it is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

__all__ = ["Reads", "Spec", "StageSpec"]


@dataclass(frozen=True)
class Reads:
    """Marks a field as a path (or several) of the user's: what is in the files counts, not where they are.

        speech: Annotated[tuple[Path, ...], Reads("**/*.flac", "**/*.wav")]

    Args:
        patterns: For a folder, the files that count.
    """

    patterns: tuple[str, ...]

    def __init__(self, *patterns: str) -> None:
        object.__setattr__(self, "patterns", patterns or ("**/*",))


class Spec(BaseModel):
    """Something that the user may ask for."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)

    budget: ClassVar[frozenset[str]] = frozenset()
    runtime: ClassVar[frozenset[str]] = frozenset()

    def budget_fields(self) -> frozenset[str]:
        """The fields that are a budget here. Override where that depends on other fields.

        A learning-rate schedule over the whole training, for example, makes the number of epochs part of the identity.
        """
        return self.budget

    def identity(self) -> dict[str, Any]:
        """What decides the result: every resolved field, defaults included.

        Budget, run-time knobs and the paths of ``Reads`` fields are left out, also those of nested specs.
        """
        outside = self.budget_fields() | self.runtime | self._reads().keys()
        return {name: _plain(getattr(self, name)) for name in type(self).model_fields if name not in outside}

    def digest(self) -> str:
        """SHA-256 of the identity, in hexadecimal. The order of fields does not matter.

        >>> class Beep(Spec):
        ...     seconds: float = 1.0
        >>> Beep().digest() == Beep(seconds=1.0).digest()
        True
        """
        text = json.dumps(self.identity(), sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def allowance(self) -> dict[str, Any]:
        """Dotted name → value of all budget fields, also those of nested specs.

        >>> class Climb(Spec):
        ...     budget: ClassVar[frozenset[str]] = frozenset({"steps"})
        ...     steps: int = 10
        >>> class Trip(Spec):
        ...     climb: Climb = Climb()
        >>> Trip().allowance()
        {'climb.steps': 10}
        """
        return {
            dotted: _plain(getattr(spec, name))
            for prefix, spec in _specs_in(self)
            for name in sorted(spec.budget_fields())
            for dotted in [f"{prefix}{name}"]
        }

    def sources(self) -> dict[str, tuple[Path, tuple[str, ...]]]:
        """Dotted name → path and patterns of all ``Reads`` fields, also those of nested specs.

        >>> from typing import Annotated
        >>> class Listen(Spec):
        ...     noise: Annotated[Path | None, Reads("*.wav")] = None
        >>> Listen().sources()
        {}
        >>> Listen(noise=Path("street")).sources()["noise"][1]
        ('*.wav',)
        """
        found: dict[str, tuple[Path, tuple[str, ...]]] = {}
        for prefix, spec in _specs_in(self):
            for name, reads in spec._reads().items():
                value = getattr(spec, name)
                if isinstance(value, Path):
                    found[prefix + name] = (value, reads.patterns)
                elif value is not None:
                    found.update((f"{prefix}{name}.{i}", (Path(path), reads.patterns)) for i, path in enumerate(value))
        return found

    @classmethod
    def _reads(cls) -> dict[str, Reads]:
        return {
            name: mark for name, info in cls.model_fields.items() for mark in info.metadata if isinstance(mark, Reads)
        }


class StageSpec(Spec):
    """What a recipe may ask of one stage; the section of a recipe.

    ``version``     raised by hand when the meaning of the stage's output changes
    ``after``       earlier stages whose finished folders the stage is given, by name; see ``needs``
    ``incidental``  patterns of its files that later stages do not depend on: logs, plots, examples
    ``shared``      whether one result serves all runs of a workspace, as a corpus does
    """

    version: ClassVar[int] = 1
    after: ClassVar[tuple[str, ...]] = ()
    incidental: ClassVar[tuple[str, ...]] = ()
    shared: ClassVar[bool] = False

    def needs(self) -> tuple[str, ...]:
        """The earlier stages that this spec needs. Override where that depends on its fields."""
        return self.after


def _specs_in(value: Any, prefix: str = "") -> Iterator[tuple[str, Spec]]:
    """Every spec in a value, itself included, with the dotted prefix of its fields."""
    if isinstance(value, Spec):
        yield prefix, value
        for name in type(value).model_fields:
            yield from _specs_in(getattr(value, name), f"{prefix}{name}.")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _specs_in(item, f"{prefix}{key}.")
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _specs_in(item, f"{prefix}{index}.")


def _plain(value: Any) -> Any:
    """Turn a field's value into what JSON can hold, with nested specs reduced to their identities."""
    if isinstance(value, Spec):
        return value.identity()
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((_plain(item) for item in value), key=repr)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return value.as_posix() if isinstance(value, PurePath) else str(value)
