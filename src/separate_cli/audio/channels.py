"""How the channels of a file meet the channels of a model.

    file (channel, time) --ChannelPlan.arrange--> (batch, microphone, time) --model--> (batch, source, time)

A single-channel model hears every channel by itself (``each``), their mean (``mix``) or the first one (``first``);
an output has as many channels as the batch. A model of several microphones hears all channels at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from separate_cli.errors import InputError

__all__ = ["ChannelPlan", "ChannelPolicy", "plan_channels"]

ChannelPolicy = Literal["each", "mix", "first"]
Wave = NDArray[np.float32]


@dataclass(frozen=True)
class ChannelPlan:
    """What becomes of a file's channels.

    Args:
        batch: Independent inputs, which are also the channels of each output.
        microphones: Channels of each input.
        policy: How they are made from the file's channels.
    """

    batch: int
    microphones: int
    policy: ChannelPolicy

    def reduce(self, block: Wave) -> Wave:
        """The wanted channels of a block, ``(channel, time)`` → ``(batch * microphone, time)``."""
        if self.batch * self.microphones == block.shape[0]:
            return block
        return block[:1] if self.policy == "first" else block.mean(axis=0, keepdims=True)

    def arrange(self, block: Wave) -> Wave:
        """``(batch * microphone, time)`` → ``(batch, microphone, time)``."""
        return block.reshape(self.batch, self.microphones, -1)


def plan_channels(path: Path, channels: int, *, in_channels: int | None, policy: ChannelPolicy = "each") -> ChannelPlan:
    """Fit a file with ``channels`` channels to a model.

    Args:
        path: The file, for the message.
        channels: Its number of channels.
        in_channels: What the model takes; None for any number at once.
        policy: What to do where one is to be made of many.

    Raises:
        InputError: If the model needs another number of channels.

    >>> plan_channels(Path("x.wav"), 2, in_channels=1)
    ChannelPlan(batch=2, microphones=1, policy='each')
    """
    if policy != "each":
        channels = 1
    if in_channels == 1:
        return ChannelPlan(batch=channels, microphones=1, policy=policy)
    if in_channels not in {None, channels}:
        raise InputError(
            f"{path} gives {channels} channel(s), the model takes {in_channels} at once.",
            hint=f"Give it a recording with {in_channels} channels, or use a single-channel model.",
        )
    return ChannelPlan(batch=1, microphones=channels, policy=policy)
