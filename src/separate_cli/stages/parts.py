"""The parts of a training that its spec alone decides; what cannot be made is a fault of a field.

TrainSpec --make_model--> Separator
          --make_optimizer_for(weights)--> Optimizer

Nothing here loads Lightning: a recipe is looked over with it before anything is fetched, see ``preflight``.
"""

from __future__ import annotations

import functools
import inspect
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from torch import Tensor

from separate_cli import models
from separate_cli.engine import optimizers
from separate_cli.errors import Interrupted, SepError, SpecError
from separate_cli.models.base import Separator
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.base import StageSpec
from separate_cli.specs.train import TrainSpec

__all__ = ["blaming", "check_precision", "leaving_nothing", "make_model", "make_optimizer_for"]

_Spec = TypeVar("_Spec", bound=StageSpec)
_TELLING = (TypeError, ValueError, RuntimeError)
"""What constructors raise with a sentence of their own."""
_BARE = (ArithmeticError, AssertionError, AttributeError, LookupError)
"""What comes of arguments that nobody has checked."""


@contextmanager
def blaming(field: str, args: Mapping[str, Any] | None = None) -> Iterator[None]:
    """Turn what a constructor has against its arguments into a fault of the recipe.

    Args:
        field: Of the recipe.
        args: What was asked for, to be told where the error does not.

    Raises:
        SpecError: In the place of the error.

    >>> with blaming("train.optimizer", {"betas": [0.9]}):
    ...     (0.9,)[1]
    Traceback (most recent call last):
        ...
    separate_cli.errors.SpecError: train.optimizer: IndexError (tuple index out of range) with betas=[0.9]
    """
    hint = "Change it in the recipe, or with --set."
    try:
        yield
    except _TELLING as error:
        raise SpecError(f"{field}: {' '.join(str(error).split())}", hint=hint) from error
    except _BARE as error:
        given = ", ".join(f"{name}={value!r}" for name, value in (args or {}).items())
        reason = f"{type(error).__name__} ({error})"
        raise SpecError(f"{field}: {reason}{f' with {given}' if given else ''}", hint=hint) from error


def leaving_nothing(run: Callable[[_Spec, StageContext], None]) -> Callable[[_Spec, StageContext], None]:
    """Decorator of a stage: one that is refused before there is anything to go on from takes its folder away.

    A saved state in it is kept, and so are the curves of what was trained.
    """

    @functools.wraps(run)
    def wrapped(spec: _Spec, context: StageContext) -> None:
        try:
            run(spec, context)
        except Interrupted:
            raise
        except SepError:
            kept = any((context.folder / name).exists() for name in ("resume.ckpt", "curves.csv"))
            if context.folder.suffix == ".part" and not kept:  # as ``pipeline.store`` calls what is in the making
                shutil.rmtree(context.folder, ignore_errors=True)
            raise

    return wrapped


def make_model(spec: TrainSpec) -> Separator:
    """The model with its first weights, which depend on the seed.

    Raises:
        SpecError: If it cannot be made as asked, or is of another sample rate than the examples.
    """
    torch.manual_seed(spec.seed)
    with blaming("train.model", spec.model.args):
        model = models.get(spec.model.name)(**spec.model.args)
    if model.sample_rate != spec.examples.sample_rate:
        raise SpecError(
            f"train.model works at {model.sample_rate:g} Hz, train.examples are at {spec.examples.sample_rate} Hz.",
            hint="Set train.model.args.sample_rate and train.examples.sample_rate to the same.",
        )
    return model


def make_optimizer_for(weights: Iterable[Tensor], spec: TrainSpec, device: torch.device) -> torch.optim.Optimizer:
    """The optimizer of ``weights``, in its fastest form on ``device``.

    Raises:
        SpecError: If it cannot be made as asked.
    """
    wish = spec.optimizer
    args: dict[str, Any] = {"lr": wish.lr, "weight_decay": wish.weight_decay, **wish.args}
    with blaming("train.optimizer", wish.args):
        takes = inspect.signature(optimizers.get(wish.name)).parameters
        if wish.weight_decay == 0 and not {"weight_decay"} & {*takes, *wish.args}:
            del args["weight_decay"]  # Rprop has none
        if optimizers.has_fused_form(wish.name) and device.type in {"cpu", "cuda"}:
            args = {"fused": True, **args}
        return optimizers.make_optimizer(weights, wish.name, **args)


def check_precision(spec: TrainSpec, device: torch.device) -> None:
    """Whether the device has numbers of that width.

    Raises:
        SpecError: If not.
    """
    if spec.precision == "16" and device.type == "cpu":
        raise SpecError(
            "train.precision is 16, which a processor does not have.",
            hint="Use --set train.precision=bf16, which needs no scaling of gradients, or 32.",
        )
