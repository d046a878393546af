"""Whether tensors hold numbers now, or stand for any numbers while a graph is recorded."""

from __future__ import annotations

import torch

__all__ = ["is_eager"]


def is_eager() -> bool:
    """Whether no graph is being recorded; a test on a size would become part of a graph, and so would a shortcut."""
    tracing: bool = torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]  # untyped in torch
    return not (tracing or torch.compiler.is_compiling())
