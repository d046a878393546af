"""VADNet: Conv-TasNet whose output is the probability of speech, sample by sample.

    wave (batch, 1, time) --Conv-TasNet, sigmoid--> probability (batch, 1, time)

Source: Asteroid's recipe ``LibriVAD``; no paper of its own.
Checked: tests/models/test_goldens.py, tests/models/test_conv_tasnet.py.
"""

from __future__ import annotations

from torch import Tensor

from separate_cli.models.conv_tasnet import ConvTasNet

__all__ = ["VADNet"]


class VADNet(ConvTasNet):
    """Voice activity detection network. Takes the arguments of ``ConvTasNet``.

    >>> import torch
    >>> VADNet(n_src=1, n_blocks=2, n_repeats=1)(torch.zeros(1, 1, 800)).unique().tolist()
    [0.5]
    """

    level_is_arbitrary = False

    def forward_decoder(self, masked_rep: Tensor) -> Tensor:
        """Probabilities ``(batch, source, time)``."""
        return super().forward_decoder(masked_rep).sigmoid()
