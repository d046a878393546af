"""Per-channel energy normalisation: automatic gain control and compression of spectrograms, fixed or learned.

    magnitudes (batch, channel, freq, frame) --smooth over frames--> M
        --(magnitudes / (floor + M)^alpha + delta)^(1 / root) - delta^(1 / root)--> same shape

Source: Wang et al., "Trainable frontend for robust and far-field keyword spotting", ICASSP 2017, eq. 1.
Checked: tests/filterbanks/test_pcen.py (NumPy loop, SciPy's filter, golden figures, chunks = whole).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["PCEN", "ExponentialMovingAverage", "StatefulPCEN"]

LEARNABLE = ("alpha", "delta", "root", "smooth")


class ExponentialMovingAverage(nn.Module):
    """``y[t] = (1 - smooth) y[t - 1] + smooth x[t]`` along the last axis.

    Args:
        smooth: Weight of the newest frame, kept within 0 to 1.
        per_channel: One weight a channel.
        n_channels: Number of channels.
        trainable: Learn the weights.
    """

    def __init__(
        self, smooth: float = 0.04, per_channel: bool = False, n_channels: int = 1, trainable: bool = False
    ) -> None:
        super().__init__()
        weights = torch.full((n_channels if per_channel else 1,), float(smooth))
        self.weights = nn.Parameter(weights, requires_grad=trainable)

    def forward(self, mag_spec: Tensor, initial_state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Smooth ``mag_spec``, ``(batch, channel, freq, frame)``.

        Args:
            mag_spec: What to smooth.
            initial_state: The average before the first frame, ``(batch, channel, freq, 1)``; the first frame itself
                unless given.

        Returns:
            The averages, ``(batch, channel, freq, frame)``, and the last one, ``(batch, channel, freq, 1)``.
        """
        weight = self.weights.clamp(0, 1).reshape(1, -1, 1)
        state = mag_spec[..., 0] if initial_state is None else initial_state.squeeze(-1)
        averages = []
        for frame in mag_spec.unbind(-1):
            state = state + weight * (frame - state)
            averages.append(state)
        return torch.stack(averages, -1), state.unsqueeze(-1)


class _PCEN(nn.Module):
    """The formula and its parameters, which the two public forms share."""

    alpha: nn.Parameter
    delta: nn.Parameter
    root: nn.Parameter

    def __init__(  # noqa: PLR0917  the order that Asteroid's users know
        self,
        alpha: float = 0.96,
        delta: float = 2.0,
        root: float = 2.0,
        floor: float = 1e-6,
        smooth: float = 0.04,
        n_channels: int = 1,
        trainable: bool | dict[str, bool] = False,
        per_channel_smoothing: bool = False,
    ) -> None:
        super().__init__()
        chosen = trainable if isinstance(trainable, dict) else dict.fromkeys(LEARNABLE, trainable)
        if unknown := set(chosen) - set(LEARNABLE):
            raise ValueError(f"Only {', '.join(LEARNABLE)} can be learned, got {', '.join(sorted(unknown))}.")
        if floor <= 0 or delta < 0:
            raise ValueError(f"Expected floor > 0 and delta >= 0, got {floor} and {delta}.")
        self.floor = floor
        for name, value in {"alpha": alpha, "delta": delta, "root": root}.items():
            values = torch.full((n_channels,), float(value))
            self.register_parameter(name, nn.Parameter(values, requires_grad=chosen.get(name, False)))
        self.ema = ExponentialMovingAverage(smooth, per_channel_smoothing, n_channels, chosen.get("smooth", False))

    def _normalise(self, mag_spec: Tensor, initial_state: Tensor | None) -> tuple[Tensor, Tensor]:
        if mag_spec.ndim not in {3, 4}:
            raise ValueError(
                f"Expected (batch, freq, frame) or (batch, channel, freq, frame), got {tuple(mag_spec.shape)}."
            )
        spec = mag_spec if mag_spec.ndim == 4 else mag_spec.unsqueeze(1)
        averages, state = self.ema(spec, initial_state)
        alpha = self.alpha.clamp(max=1).reshape(-1, 1, 1)
        delta = self.delta.reshape(-1, 1, 1)
        power = 1 / self.root.clamp(min=1).reshape(-1, 1, 1)
        out = (spec / (self.floor + averages) ** alpha + delta) ** power - delta**power
        return out.reshape(mag_spec.shape), state


class PCEN(_PCEN):
    """Per-channel energy normalisation of whole spectrograms.

    Args:
        alpha: Strength of the gain control, at most 1.
        delta: Bias before the compression.
        root: Of the compression, at least 1.
        floor: Added to the average.
        smooth: Weight of the newest frame in the average.
        n_channels: Number of channels; each has its own alpha, delta and root.
        trainable: Learn all parameters, or those that are True in ``{"alpha": True, ...}``.
        per_channel_smoothing: Each channel has its own ``smooth``, too.

    >>> PCEN()(torch.ones(1, 1, 2, 3)).round(decimals=3).unique()
    tensor([0.3180])
    """

    def forward(self, mag_spec: Tensor) -> Tensor:
        """Normalise ``mag_spec``, ``(batch, channel, freq, frame)`` or ``(batch, freq, frame)``."""
        return self._normalise(mag_spec, None)[0]


class StatefulPCEN(_PCEN):
    """Per-channel energy normalisation of a spectrogram that comes in pieces; arguments as in ``PCEN``."""

    @classmethod
    def from_pcen(cls, pcen: PCEN) -> StatefulPCEN:
        """The stateful form of ``pcen``, on the same parameters: what one learns, the other knows.

        >>> trained = PCEN(alpha=0.8, n_channels=2)
        >>> StatefulPCEN.from_pcen(trained).alpha is trained.alpha
        True
        """
        stateful = cls(floor=pcen.floor)
        stateful.alpha, stateful.delta, stateful.root, stateful.ema = pcen.alpha, pcen.delta, pcen.root, pcen.ema
        return stateful.train(pcen.training)

    def forward(self, mag_spec: Tensor, initial_state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Normalise the next piece.

        Args:
            mag_spec: ``(batch, channel, freq, frame)`` or ``(batch, freq, frame)``.
            initial_state: What the piece before returned; None for the first.

        Returns:
            As ``mag_spec``, and the state for the next piece, ``(batch, channel, freq, 1)``.
        """
        return self._normalise(mag_spec, initial_state)
