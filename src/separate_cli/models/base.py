"""The contract of every separation model.

    wave (time) | (batch, time) | (batch, channel, time)
        --forward-->  estimates (source, time) | (batch, source, time), same time
        --separate--> the same, for NumPy or torch of any number type, without gradients, with a level policy

A model is a plain ``torch.nn.Module`` with a few facts attached, so that inference, training and the hub can treat all
models alike. It knows neither specs nor the hub.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["Separator"]


class Separator(nn.Module):
    """Base class of all models.

    Args:
        sample_rate: Rate that the model was made for, in Hz.
        n_sources: Number of estimates that ``forward`` gives.
        in_channels: Number of input channels; 1 for single-channel models, None for any number of
            microphones.
        source_names: One name an estimate, for example ``("vocals", "drums")``; None where the estimates are alike.

    Attributes:
        lookbehind_samples: Samples before an output sample that it depends on; None when it depends on the whole input.
        lookahead_samples: Samples after an output sample that it depends on; None when it depends on the whole input.
    """

    lookbehind_samples: int | None = None
    lookahead_samples: int | None = None
    hop_samples: int = 1
    """Frame grid: chunks whose starts are multiples of it see the same frames as the whole input does."""

    def __init__(
        self,
        *,
        sample_rate: float,
        n_sources: int,
        in_channels: int | None = 1,
        source_names: tuple[str, ...] | None = None,
    ) -> None:
        super().__init__()
        if source_names is not None and len(source_names) != n_sources:
            raise ValueError(f"Expected {n_sources} source names, got {len(source_names)}.")
        self.sample_rate = sample_rate
        self.n_sources = n_sources
        self.in_channels = in_channels
        self.source_names = source_names

    def forward(self, wav: Tensor) -> Tensor:
        """Separate ``wav``, ``(time)``, ``(batch, time)`` or ``(batch, channel, time)``, at the model's sample rate.

        Returns:
            ``(source, time)`` for 1-D input, else ``(batch, source, time)``; as long as the input.
        """
        raise NotImplementedError

    def get_model_args(self) -> dict[str, Any]:
        """The constructor's arguments that rebuild this model: JSON-able, complete, without weights."""
        raise NotImplementedError

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device
