"""What is known about a recording only at its end: how loud the estimates are to be, and which belong together.

mixture blocks, estimate blocks --Tally--> levels (channel), rows (channel, source)
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from separate_cli.inference.align import ChannelOrder
from separate_cli.models.base import Separator

__all__ = ["Tally"]


class Tally:
    """Listens to a recording as it passes by.

    Args:
        model: Tells what has to be found out.
        channels: Channels of each output, separated independently.
    """

    def __init__(self, model: Separator, *, channels: int) -> None:
        self._shape = (channels, model.n_sources)
        self._match_level = model.default_level == "l1"
        self._wanted = torch.zeros(channels, dtype=torch.float64)
        self._found = torch.zeros(channels, dtype=torch.float64)
        alike = channels > 1 and model.n_sources > 1 and model.source_names is None
        self._order = ChannelOrder(channels, model.n_sources) if alike else None

    def mixture(self, block: Tensor) -> Tensor:
        """Note a block of the mixture, ``(channel, microphone, time)``, and pass it on."""
        if self._match_level:
            self._wanted += block.abs().sum(-1, dtype=torch.float64).mean(-1)
        return block

    def estimates(self, block: Tensor) -> Tensor:
        """Note a block of estimates, ``(channel, source, time)``, and pass it on."""
        if self._match_level:
            self._found += block.abs().sum((-2, -1), dtype=torch.float64)
        if self._order is not None:
            self._order.add(block)
        return block

    def levels(self) -> NDArray[np.float32]:
        """Factor of each channel, ``(channel)``: the rule of ``models.level``, for the recording as a whole."""
        known = self._found > 0
        levels = torch.where(known, self._wanted / self._found.where(known, torch.ones(())), 1.0)
        return levels.numpy().astype(np.float32) if self._match_level else np.ones(self._shape[0], np.float32)

    def rows(self) -> NDArray[np.int64]:
        """Where channel and source of the outputs are among the ``channel * source`` estimates."""
        rows = np.arange(self._shape[0] * self._shape[1]).reshape(self._shape)
        return rows if self._order is None else np.take_along_axis(rows, self._order.best().numpy(), axis=1)
