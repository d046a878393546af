"""Training in the domain of the filterbank: masked frames against the references' frames.

    mixture --encoder, masks--> (batch, source, feature, frame) --terms-- references --encoder--> the same shape

With ``singlesrc_mse`` and an STFT it is the mean distance in the complex plane.

Source: Asteroid's recipe ``dns_challenge_INTERSPEECH2020``, for the loss.
Checked: tests/engine/objectives/test_frames.py.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from separate_cli.engine.objective import Objective
from separate_cli.engine.objectives.guided import Guided
from separate_cli.specs.objectives import FramesObjective

__all__ = ["Frames"]


class Frames(Guided):
    """Compares frames, flattened to ``(batch, source, feature * frame)``."""

    needed = ("forward_encoder", "forward_masker", "apply_masks")

    def __init__(self, spec: FramesObjective, terms: Objective) -> None:
        super().__init__(terms)

    def forward(self, model: Any, inputs: Tensor, references: Tensor) -> Tensor:
        """The loss of a batch."""
        frames = model.forward_encoder(inputs.unsqueeze(1))
        masked = model.apply_masks(frames, model.forward_masker(frames))  # (batch, source, feature, frame)
        wanted = model.forward_encoder(references.flatten(0, 1).unsqueeze(1)).reshape(masked.shape)
        return self.compare(masked.flatten(2), wanted.flatten(2))
