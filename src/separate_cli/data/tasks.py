"""What is heard and what is wanted, by the name of a task: rows, not code.

    task, mixture --signals_of--> name of the input, names of the targets

``s*`` stands for all numbered signals ``s1 s2 ...`` that a mixture has, ``fg*`` for ``fg0 fg1 ...``.

Checked: tests/data/test_tasks.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from separate_cli.data.mixtures import Mixture
from separate_cli.errors import InputError
from separate_cli.specs.examples import TaskName

__all__ = ["TASKS", "Task", "signals_of"]


class Task(NamedTuple):
    """Name of the input and names of the targets; ``s*`` for all of ``s1 s2 ...``."""

    input: str
    targets: tuple[str, ...]


TASKS: Mapping[TaskName, Task] = {
    "sep_clean": Task("mix_clean", ("s*",)),
    "sep_noisy": Task("mix_both", ("s*",)),
    "sep_reverb": Task("mix_clean_reverb", ("s*",)),
    "sep_reverb_noisy": Task("mix_both_reverb", ("s*",)),
    "enh_single": Task("mix_single", ("s1",)),
    "enh_both": Task("mix_both", ("mix_clean",)),
    "enh_vocal": Task("mixture", ("vocals",)),
    "sep_vocal": Task("mixture", ("vocals", "background")),
    "sep_music": Task("mixture", ("vocals", "drums", "bass", "other")),
    "sep_sounds": Task("mixture", ("bg", "fg*")),
}
"""Targets without a suffix are the usual ones of their corpus: WHAMR!'s ``s1`` has no reverberation."""


def signals_of(
    mixture: Mixture, task: TaskName, *, input: str | None = None, targets: Sequence[str] = ()
) -> tuple[str, tuple[str, ...]]:
    """Which signal of ``mixture`` goes in, and which are wanted.

    Args:
        mixture: What there is.
        task: A row of ``TASKS``.
        input: Another input than the task's.
        targets: Other targets than the task's.

    Raises:
        InputError: If the mixture lacks one of them.

    >>> from separate_cli.data.mixtures import Piece
    >>> mixture = Mixture("a", "test", 8000, 4, {name: Piece(f"{name}.wav") for name in ("s1", "s2", "mix_clean")})
    >>> signals_of(mixture, "sep_clean")
    ('mix_clean', ('s1', 's2'))
    """
    row = TASKS[task]
    heard = input or row.input
    wanted = tuple(name for pattern in targets or row.targets for name in _matching(mixture, pattern))
    missing = [name for name in (heard, *wanted) if name not in mixture.signals]
    if missing or not wanted:
        raise InputError(
            f"Mixture {mixture.id} has no {', no '.join(missing or ['target'])}; it has {', '.join(mixture.signals)}.",
            hint="Choose another task, name the signals, or prepare the corpus with them.",
        )
    return heard, wanted


def _matching(mixture: Mixture, pattern: str) -> list[str]:
    if not pattern.endswith("*"):
        return [pattern]
    numbered = re.compile(rf"{re.escape(pattern[:-1])}(\d+)")
    found = {int(match[1]): name for name in mixture.signals if (match := numbered.fullmatch(name))}
    return [found[number] for number in sorted(found)]
