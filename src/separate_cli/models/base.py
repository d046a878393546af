"""The contract of every separation model.

    wave (time) | (batch, time) | (batch, channel, time)
        --forward-->  estimates (source, time) | (batch, source, time), same time
        --separate--> the same, for NumPy or torch of any number type, without gradients, with a level policy

An empty batch gives an empty estimate, of the shape that another batch would give. A model is a plain
``torch.nn.Module`` with a few facts attached, so that inference, training and the hub can treat all models alike. It
knows neither specs nor the hub.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar, TypeVar, overload

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from separate_cli.errors import InputError, SepError
from separate_cli.filterbanks.recording import is_eager
from separate_cli.models.arguments import recorded, recording
from separate_cli.models.asteroid_names import AsteroidNames
from separate_cli.models.level import apply_level

__all__ = ["Separator"]

Self = TypeVar("Self", bound="Separator")
Array = NDArray[Any]


class Separator(AsteroidNames):
    """Base class of all models.

    A subclass implements ``forward``; its constructor's arguments are recorded for ``get_model_args``.

    Args:
        sample_rate: Rate that the model was made for, in Hz.
        n_sources: Number of estimates that ``forward`` gives.
        in_channels: Number of input channels; 1 for single-channel models, None for any number of
            microphones.
        source_names: One name an estimate, for example ``("vocals", "drums")``; None where the estimates are alike.

    Attributes:
        lookbehind_samples: Samples before an output sample that it depends on; None when it depends on all.
        lookahead_samples: Samples after an output sample that it depends on; None when it depends on all.
    """

    lookbehind_samples: int | None = None
    lookahead_samples: int | None = None
    hop_samples: int = 1
    """Frame grid: chunks whose starts are multiples of it see the same frames as the whole input does."""

    out_channels: int = 1
    """Channels of an estimate; with several, waves in three axes give ``(batch, source, channel, time)``."""

    level_is_arbitrary: ClassVar[bool] = True
    """Whether training leaves the level of several estimates open, so that ``separate`` has to choose one."""

    def __init__(
        self,
        *,
        sample_rate: float,
        n_sources: int,
        in_channels: int | None = 1,
        source_names: tuple[str, ...] | None = None,
    ) -> None:
        super().__init__()
        if sample_rate <= 0 or n_sources < 1:
            raise ValueError(f"Expected a positive rate and number of sources, got {sample_rate} and {n_sources}.")
        if source_names is not None and len(source_names) != n_sources:
            raise ValueError(f"Expected {n_sources} source names, got {len(source_names)}.")
        self.sample_rate = sample_rate
        self.n_sources = n_sources
        self.in_channels = in_channels
        self.source_names = source_names

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__init__" in cls.__dict__:
            cls.__init__ = recording(cls.__init__)  # type: ignore[method-assign]  # the wrapper has its signature
        if "forward" in cls.__dict__:
            cls.forward = _also_for_empty_batches(cls.forward)  # type: ignore[method-assign]  # likewise

    def forward(self, wav: Tensor) -> Tensor:
        """Separate ``wav``, ``(time)``, ``(batch, time)`` or ``(batch, channel, time)``, at the model's sample rate.

        Returns:
            ``(source, time)`` for 1-D input, else ``(batch, source, time)``; as long as the input.

        Raises:
            ValueError: If the shape is none of these, or the number of channels is not the model's.
        """
        raise NotImplementedError

    def get_model_args(self) -> dict[str, Any]:
        """The constructor's arguments that rebuild this model: JSON-able, complete, without weights.

        Raises:
            TypeError: If an argument has no JSON form, such as a function of your own.
        """
        return recorded(self)

    @classmethod
    def from_pretrained(cls: type[Self], reference: str | Path | dict[str, Any], **overrides: Any) -> Self:
        """The trained model called ``reference``, in eval mode, on the CPU.

        Args:
            reference: A name, a file, a URL, or a dictionary in Asteroid's form.
            overrides: Constructor arguments that replace the stored ones.

        Raises:
            InputError: If it is not found, damaged, or a model of another class.
        """
        sources = entry_points(group="separate_cli.model_sources")
        if not sources:
            raise SepError("No source of trained models is installed.", hint="Install the package again.")
        load = next(iter(sources)).load()
        model = load(reference, model_name=cls.__name__, **overrides).model  # for files that do not say
        if not isinstance(model, cls):
            found = type(model).__name__
            raise InputError(
                f"Expected a {cls.__name__}, found a {found}.", hint=f"Use {found}.from_pretrained(...) instead."
            )
        return model

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self._a_weight().device

    def _a_weight(self) -> Tensor:
        """Some tensor of the model's number type and device; models without any compute in single precision."""
        held = chain(self.parameters(), self.buffers())
        return next((tensor for tensor in held if tensor.is_floating_point()), torch.empty(0))

    @property
    def default_level(self) -> str:
        """Level policy of ``separate`` unless told: ``"l1"`` where the level of several estimates is arbitrary."""
        return "l1" if self.level_is_arbitrary and self.n_sources > 1 else "none"

    @overload
    def separate(self, wav: Tensor, *, level: str | None = None, **others: Any) -> Tensor: ...
    @overload
    def separate(self, wav: Array, *, level: str | None = None, **others: Any) -> Array: ...
    def separate(self, wav: Tensor | Array, *, level: str | None = None, **others: Any) -> Tensor | Array:
        """Separate any wave: without gradients, as in eval mode, wherever it lives.

        Args:
            wav: ``(time)``, ``(batch, time)`` or ``(batch, channel, time)``, at the model's sample rate. Integers are
                scaled to ±1.
            level: ``"none"``, ``"l1"``, or None for ``default_level``; see ``separate_cli.models.level``.
            others: What ``forward`` of some models takes beside the wave, for example ``faces``.

        Returns:
            ``(source, time)`` for 1-D input, else ``(batch, source, time)``: NumPy for NumPy, on the input's device,
            in its floating type (single precision for integers).

        Raises:
            InputError: If there are samples that are not numbers.
            ValueError: If the shape or the level policy does not fit, or there is no sample.
            TypeError: If the numbers are neither floating nor integer.

        >>> from separate_cli.models.demask import DeMask
        >>> model = DeMask(hidden_dims=[8])
        >>> model.separate(np.zeros(1000, dtype=np.int16)).shape
        (1, 1000)
        """
        given = _as_tensor(wav)
        dtype = given.dtype if given.is_floating_point() else torch.float32
        weight = self._a_weight()
        mixture = _as_floating(given).to(weight.device, weight.dtype)
        if not bool(torch.isfinite(mixture).all()):
            raise InputError("The wave holds samples that are not finite numbers.", hint="Look at how it was made.")
        beside = {name: _as_tensor(value).to(weight.device) for name, value in others.items()}
        beside = {
            name: value.to(weight.dtype) if value.is_floating_point() else value for name, value in beside.items()
        }
        with torch.no_grad(), _eval_mode(self):
            estimates = self.forward_wav(mixture, **beside)
            channels = mixture if mixture.ndim == 3 else mixture.unsqueeze(-2)  # (..., channel, time)
            estimates = apply_level(estimates, channels, level=level or self.default_level)
        estimates = estimates.to(given.device, dtype)
        return estimates.numpy() if isinstance(wav, np.ndarray) else estimates


def _as_tensor(values: Tensor | Array) -> Tensor:
    if isinstance(values, np.ndarray):
        native = values.dtype.newbyteorder("=")  # files of other machines come with their byte order
        return torch.from_numpy(np.asarray(values, native, order="C"))
    if not isinstance(values, Tensor):
        raise TypeError(f"Expected an array or a tensor, got {type(values).__name__}; file_separate reads files.")
    return values


def _as_floating(wav: Tensor) -> Tensor:
    """Integers scaled to ±1 by their type's range; floating numbers as they are."""
    if wav.is_floating_point():
        return wav
    if wav.dtype in {torch.int16, torch.int32}:
        return wav.double() / -torch.iinfo(wav.dtype).min
    raise TypeError(f"Expected floating numbers, int16 or int32, got {wav.dtype}.")


@contextmanager
def _eval_mode(model: nn.Module) -> Iterator[None]:
    """All modules in eval mode for a while; afterwards each is as it was."""
    training = [module for module in model.modules() if module.training]
    for module in training:
        module.training = False
    try:
        yield
    finally:
        for module in training:
            module.training = True


def _also_for_empty_batches(forward: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Wrap ``forward``: for an empty batch, one silent example shows the shape, and whether the others fit."""

    @functools.wraps(forward)
    def wrapped(self: nn.Module, *args: Any, **kwargs: Any) -> Tensor:
        given = (*args, *kwargs.values())
        if not (is_eager() and given and isinstance(given[0], Tensor) and given[0].ndim > 1 and len(given[0]) == 0):
            return forward(self, *args, **kwargs)
        with _eval_mode(self):  # silence must not move the statistics of norms
            return forward(self, *map(_one, args), **{name: _one(value) for name, value in kwargs.items()})[:0]

    return wrapped


def _one(value: Any) -> Any:
    """One example of zeros for none; numbers of the examples, ``(batch)``, are left to the model."""
    if not isinstance(value, Tensor) or value.ndim == 0 or len(value):
        return value
    return value.new_zeros(1, *value.shape[1:]) if value.ndim > 1 else None
