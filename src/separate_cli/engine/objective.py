"""What training makes small: a weighted sum of losses, each by its name.

    estimates, references (batch, source, time) --each term, times its weight--> scalar

The name tells how sources are paired: ``pairwise…`` finds the best order, ``singlesrc…`` scores each source by itself,
anything else takes all sources at once.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from separate_cli import losses
from separate_cli.specs.optimize import LossTerm

__all__ = ["Objective", "find_loss"]


class Objective(nn.Module):
    """A weighted sum of losses.

    Args:
        terms: Key → what to add; see ``find_loss``.

    Raises:
        ValueError: If a name is unknown.
        TypeError: If a loss does not take its arguments.

    >>> import torch
    >>> objective = Objective({"singlesrc_mse": LossTerm(weight=2.0), "multisrc_mse": LossTerm(weight=0.5)})
    >>> float(objective(torch.ones(3, 2, 4), torch.zeros(3, 2, 4)))
    2.5
    """

    def __init__(self, terms: Mapping[str, LossTerm]) -> None:
        super().__init__()
        self.weights = {key: term.weight for key, term in terms.items() if term.weight != 0}
        self.terms = nn.ModuleDict({key: _find_term(key, terms[key]) for key in self.weights})

    def forward(self, estimates: Tensor, references: Tensor) -> Tensor:
        """The sum, averaged over the batch.

        Args:
            estimates: ``(batch, source, time)``.
            references: Of the same shape; where they have channels and the estimates have none, the first one counts.

        Raises:
            ValueError: If there is no term whose weight is not 0.
            FloatingPointError: If the estimates are NaN or infinite.
        """
        if not self.weights:
            raise ValueError("Expected a term of the loss whose weight is not 0, got none.")
        if references.ndim == estimates.ndim + 1:
            references = references[:, :, 0]
        try:
            values = [weight * self.terms[key](estimates, references).mean() for key, weight in self.weights.items()]
        except ValueError as error:
            if bool(estimates.isfinite().all()):
                raise
            raise FloatingPointError("the model's output is NaN or infinite") from error
        total: Tensor = sum(values[1:], values[0])
        return total


class _EachSource(nn.Module):
    """A loss of one source, ``(batch, time)``, for each of several."""

    def __init__(self, loss: nn.Module) -> None:
        super().__init__()
        self.loss = loss

    def forward(self, estimates: Tensor, references: Tensor) -> Tensor:
        value: Tensor = self.loss(estimates.flatten(0, 1), references.flatten(0, 1))
        return value


class _OneSource(nn.Module):
    """A loss of one source among several."""

    def __init__(self, loss: nn.Module, source: int) -> None:
        super().__init__()
        self.loss, self.source = loss, source

    def forward(self, estimates: Tensor, references: Tensor) -> Tensor:
        if self.source >= references.shape[1]:
            raise ValueError(f"Expected a source below {references.shape[1]}, got {self.source}.")
        chosen = slice(self.source, self.source + 1)
        value: Tensor = self.loss(estimates[:, chosen], references[:, chosen])
        return value


def _find_term(key: str, term: LossTerm) -> nn.Module:
    loss = find_loss(term.name or key, term.args)
    return loss if term.source is None else _OneSource(loss, term.source)


def find_loss(name: str, args: Mapping[str, Any]) -> nn.Module:
    """The loss called ``name``, ready to take ``(batch, source, time)`` twice.

    Args:
        name: A ready loss (``pairwise_neg_sisdr``), or a class (``SingleSrcMultiScaleSpectral``).
        args: For a class. A wrapper's ``loss_func`` is named, too: ``pairwise_neg_sisdr`` for ``SinkPITLossWrapper``.

    Raises:
        ValueError: If the name is unknown, or a ready loss is given arguments.
        TypeError: If the class does not take them.
    """
    loss = losses.get(name)
    if inspect.isclass(loss):
        wrapped = args.get("loss_func")
        loss = loss(**(args if wrapped is None else {**args, "loss_func": losses.get(wrapped)}))
    elif args:
        raise ValueError(f"The loss {name!r} is ready made; arguments need its class, {type(loss).__name__}.")
    if name.casefold().startswith("pairwise"):
        return losses.PITLossWrapper(loss, pit_from="pw_mtx")
    if name.casefold().startswith("singlesrc"):
        return _EachSource(loss)
    found: nn.Module = loss
    return found
