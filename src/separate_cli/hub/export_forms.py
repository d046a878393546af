"""Models written in operations that exchange formats know.

Most models trace as they are. What they use and ONNX lacks, complex numbers above all, is replaced here by the same
computation in real numbers; weights are shared, nothing is trained again.

Checked: every export is compared with the model itself (``hub.export``), tests/hub/test_export.py.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from separate_cli.errors import UsageError
from separate_cli.filterbanks import Decoder, Encoder, TorchSTFTFB, make_enc_dec, transforms
from separate_cli.models.base import Separator
from separate_cli.models.looking_to_listen import LookingToListen
from separate_cli.models.xumx import XUMX

__all__ = ["example_inputs", "exportable"]


_WHY_NOT = {
    "CaCGMM": "it has no weights, and fits its parameters to each recording by iterations in complex numbers",
}


def exportable(model: Separator) -> nn.Module:
    """A module that gives the estimates of ``model`` for its inputs with all axes, in real numbers.

    Raises:
        UsageError: If there is none: what the model does is no fixed graph from waves to waves.
    """
    name = type(model).__name__
    if name in _WHY_NOT:
        raise UsageError(f"{name} cannot be exported: {_WHY_NOT[name]}.", hint="Run it with sep infer.")
    form = _FORMS.get(name, _with_fixed_inverses)
    return form(model)


def example_inputs(model: Separator, batch: int, seconds: float) -> dict[str, Tensor]:
    """Noise by the name of the input; batches are axis 0, and what varies with time is axis 2."""
    samples = max(round(seconds * model.sample_rate), 1)
    inputs = {"mixture": _noise(batch, model.in_channels or 2, samples)}
    if isinstance(model, LookingToListen):
        video_frames = max(round(seconds * model.video_rate), 1)
        inputs["faces"] = _noise(batch, model.n_sources, video_frames, model.face_dim)
    return inputs


def _noise(*shape: int) -> Tensor:
    return 0.1 * torch.randn(shape, generator=torch.Generator().manual_seed(0))


def _with_fixed_inverses(model: Separator) -> Separator:
    """The pseudo-inverses of filterbanks, which ONNX has no operator for, as the numbers that they are by now."""
    if not any(map(_is_inverse, model.modules())):
        return model
    fixed = copy.deepcopy(model)
    for side in filter(_is_inverse, fixed.modules()):
        side.filters = partial(torch.clone, side.filters().detach())  # type: ignore[operator, assignment]  # a side
    return fixed


def _is_inverse(module: nn.Module) -> bool:
    return isinstance(module, (Encoder, Decoder)) and module.is_pinv


class _RealXUMX(nn.Module):
    """X-UMX with the Fourier transforms as convolutions."""

    def __init__(self, model: XUMX) -> None:
        super().__init__()
        self.model = model
        window = model.decoder.window.detach()
        size = window.shape[0]
        self.encoder, self.decoder = make_enc_dec(
            TorchSTFTFB, size, size, stride=model.hop_samples, window=window.numpy(), sample_rate=model.sample_rate
        )
        self.encoder.as_conv1d = False  # mono keeps its axis of channels
        self.min_samples = size // 2 + 1
        self.shape = (model.n_sources, model.in_channels or 1)

    def forward(self, wav: Tensor) -> Tensor:
        """``(batch, channel, time)`` to ``(batch, source, channel, time)``."""
        time, missing = wav.shape[-1], self.min_samples - wav.shape[-1]
        padded = functional.pad(wav, (0, (missing + abs(missing)) // 2))
        frames = self.encoder(padded)  # (batch, channel, 2 bin, frame)
        magnitudes = transforms.mag(frames, EPS=0.0).permute(3, 0, 1, 2) ** self.model.spec_power
        masks = self.model.forward_masks(magnitudes).permute(2, 0, 3, 4, 1) ** (1 / self.model.spec_power)
        parts = [masks * part.unsqueeze(1) for part in transforms.reim(frames)]
        estimates = torch.cat(parts, -2).flatten(0, 2)  # (batch * source * channel, 2 bin, frame)
        waves: Tensor = self.decoder(estimates)[..., :time]
        return waves.reshape(-1, *self.shape, time)


_FORMS: dict[str, Callable[[Separator], nn.Module]] = {"XUMX": _RealXUMX}  # type: ignore[dict-item]  # by class name
