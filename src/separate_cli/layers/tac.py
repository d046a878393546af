"""Transform-average-concatenate: what lets any number of microphones in any order inform each other.

    (batch, microphone, feature, ...) --transform each--> --mean over the microphones, transform--> beside each
        --transform each, norm, residual--> same shape

Source: Luo et al., "End-to-end microphone permutation and number invariant multi-channel speech separation",
ICASSP 2020, section 2.2, eq. 5 to 8.
Checked: tests/layers/test_tac.py (NumPy formula, order of the microphones, absent microphones), golden numbers of
FasNetTAC.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from separate_cli.layers import activations, norms

__all__ = ["TAC", "mean_of_present", "present_microphones"]


def present_microphones(x: Tensor, valid_mics: Tensor | None) -> Tensor:
    """Weights that average over the microphones that are there.

    Args:
        x: ``(batch, microphone, ...)``.
        valid_mics: ``(batch)``, how many of the first microphones are there in each example, 0 for all; None for all
            in every example.

    Returns:
        ``(batch, microphone)``, in the number type of ``x``; each row sums to one.

    Raises:
        ValueError: If ``valid_mics`` is not one number an example.

    >>> present_microphones(torch.zeros(2, 4), torch.tensor([2, 0]))
    tensor([[0.5000, 0.5000, 0.0000, 0.0000],
            [0.2500, 0.2500, 0.2500, 0.2500]])
    """
    batch, count = x.shape[:2]
    if valid_mics is None:
        return x.new_ones(batch, count) / count
    if valid_mics.shape != (batch,):
        raise ValueError(f"Expected one number of microphones for each of {batch}, got {tuple(valid_mics.shape)}.")
    valid = torch.where(valid_mics > 0, valid_mics, count).to(x.device).unsqueeze(1)
    return (torch.arange(count, device=x.device) < valid).to(x.dtype) / valid


def mean_of_present(x: Tensor, weights: Tensor) -> Tensor:
    """``(batch, ...)``: the mean of ``x``, ``(batch, microphone, ...)``, with weights of ``present_microphones``."""
    return torch.bmm(weights.unsqueeze(1), x.flatten(2)).reshape(x.shape[0], *x.shape[2:])


class TAC(nn.Module):
    """Transform-average-concatenate block.

    Args:
        input_dim: Number of features.
        hidden_dim: Size of the transformed features.
        activation: Name of the activation.
        norm_type: Name of the normalisation.

    >>> tac = TAC(8, hidden_dim=16)
    >>> x = torch.randn(1, 3, 8, 10, 5)
    >>> torch.allclose(tac(x.flip(1)), tac(x).flip(1), atol=1e-5)
    True
    """

    def __init__(
        self, input_dim: int, hidden_dim: int = 384, activation: str = "prelu", norm_type: str = "gLN"
    ) -> None:
        super().__init__()
        act = activations.get(activation)
        self.hidden_dim = hidden_dim
        self.input_tf = nn.Sequential(nn.Linear(input_dim, hidden_dim), act())
        self.avg_tf = nn.Sequential(nn.Linear(hidden_dim, hidden_dim), act())
        self.concat_tf = nn.Sequential(nn.Linear(2 * hidden_dim, input_dim), act())
        self.norm = norms.get(norm_type)(input_dim)

    def forward(self, x: Tensor, valid_mics: Tensor | None = None) -> Tensor:
        """``(batch, microphone, feature, chunk, n_chunks)``, same shape.

        Args:
            x: Features of all microphones.
            valid_mics: ``(batch)``, how many of the first microphones to average over; 0 or None for all.
        """
        # Axes counted from the front: the ONNX exporter knows no others here.
        hidden = self.input_tf(x.movedim(2, 4))  # (batch, microphone, chunk, n_chunks, hidden)
        average = self.avg_tf(mean_of_present(hidden, present_microphones(x, valid_mics)))
        dense = cast(nn.Linear, self.concat_tf[0])
        # The average's share is the same for all microphones: it is computed once, not repeated and concatenated.
        own = functional.linear(hidden, dense.weight[:, : self.hidden_dim], dense.bias)
        shared = functional.linear(average, dense.weight[:, self.hidden_dim :])
        update = self.concat_tf[1](own + shared.unsqueeze(1)).movedim(4, 2)
        normed: Tensor = self.norm(update.flatten(0, 1))
        return x + normed.reshape(x.shape)
