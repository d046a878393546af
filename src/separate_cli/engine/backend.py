"""Lightning has two names, ``lightning.pytorch`` and ``pytorch_lightning``, which accept only their own modules.

    import --> pl: the one that the program has loaded before us, else ``lightning``; our own trainer is of it
    a System is made, a trainer takes it --derive_from_loaded--> its class derives from every one that is loaded

A class that derives from both is a module to the trainers of both: each asks only for its own. The two are copies,
whose methods share their attributes; where those of the first differ from the second's by a word in a docstring alone,
the second's trainer would take them for overridden, so the first is always the trainer's own.

Checked: tests/engine/test_both_lightnings.py (every order of imports, hooks, checkpoints, one trainer after the other).
"""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING or "pytorch_lightning" not in sys.modules or "lightning.pytorch" in sys.modules:
    import lightning.pytorch as pl
    from lightning.fabric.plugins.environments.cluster_environment import ClusterEnvironment
    from lightning.pytorch.plugins.io import TorchCheckpointIO
    from lightning.pytorch.plugins.precision import MixedPrecision
    from lightning.pytorch.strategies import DDPStrategy
else:
    import pytorch_lightning as pl
    from lightning_fabric.plugins.environments.cluster_environment import ClusterEnvironment
    from pytorch_lightning.plugins.io import TorchCheckpointIO
    from pytorch_lightning.plugins.precision import MixedPrecision
    from pytorch_lightning.strategies import DDPStrategy

__all__ = [
    "ClusterEnvironment",
    "DDPStrategy",
    "MixedPrecision",
    "TorchCheckpointIO",
    "derive_from_loaded",
    "load_both",
    "pl",
]

_NAMES = ("lightning.pytorch", "pytorch_lightning")


def derive_from_loaded(cls: type, kind: str, *, trainer: object = None) -> None:
    """Make ``cls`` derive from the ``kind`` of every Lightning that is loaded.

    Args:
        cls: A class of ours, whose bases are nothing else.
        kind: ``"LightningModule"`` or ``"Callback"``.
        trainer: Whose Lightning comes first; None: as it is, or the one that ``pl`` is.
    """
    first = [base for base in cls.__bases__ if trainer is None or _is_of(trainer, base)]
    loaded = [getattr(sys.modules.get(name), kind, None) for name in _NAMES]
    bases = tuple(dict.fromkeys([*first, *(base for base in loaded if base is not None)]))
    if bases != cls.__bases__:
        setattr(cls, "__bases__", bases)  # noqa: B010  type checkers hold it to be fixed


def load_both() -> None:
    """Load the other Lightning too, where it is installed: for trainers that are imported after a system is made.

    Not where ``engine.fit`` is loaded, as in ``sep train``: there ours is the trainer, and start-up matters.
    """
    if "separate_cli.engine.fitting" in sys.modules:
        return
    for name in _NAMES:
        if name not in sys.modules and find_spec(name.partition(".")[0]) is not None:
            with suppress(Exception):  # one too old for this torch, say: no trainer will come from it either
                import_module(name)


def _is_of(trainer: object, base: type) -> bool:
    package = next(name for name in _NAMES if base.__module__.startswith(name))
    return any(cls.__module__.startswith(package) for cls in trainer.__class__.__mro__)  # also behind a weak proxy
