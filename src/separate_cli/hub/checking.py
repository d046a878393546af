"""Whether a checkpoint is sound: it loads completely and gives finite estimates of the right shape."""

from __future__ import annotations

from typing import Any

import torch

from separate_cli.errors import InputError
from separate_cli.hub.loading import load_model

__all__ = ["check_model"]


def check_model(reference: str, *, model_name: str = "") -> dict[str, Any]:
    """Load a model and run it on half a second of seeded noise.

    Returns:
        Class, sample rate, number of parameters and sources.

    Raises:
        InputError: If it does not load, or its estimates are not finite or not as long as the input.
    """
    loaded = load_model(reference, model_name=model_name)
    model = loaded.model
    samples = int(model.sample_rate // 2)
    noise = torch.randn(1, model.in_channels or 2, samples, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        estimates = model(noise)
    if not bool(torch.isfinite(estimates).all()) or estimates.shape[-1] != samples or estimates.shape[0] != 1:
        raise InputError(
            f"{reference} loads, but gives NaN or the wrong length for {samples} samples: {tuple(estimates.shape)}.",
            hint="The weights are damaged: get the file again.",
        )
    return {
        "model_name": type(model).__name__,
        "sample_rate": model.sample_rate,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "n_sources": model.n_sources,
        "lookahead_samples": model.lookahead_samples,
    }
