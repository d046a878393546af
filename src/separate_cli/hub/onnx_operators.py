"""ONNX forms of torch operations that the tracing exporter lacks, known to it while a context lasts.

    x.mT             --> Transpose
    x.unfold(-1, .)  --> Gather of all windows, for any length
    attention        --> its separate steps: the fused operation has no ONNX form

Checked: tests/hub/test_export.py (models that use them).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

__all__ = ["more_operators"]


@contextmanager
def more_operators(opset: int) -> Iterator[None]:
    """Teach the exporter the operations above at operator set ``opset``; afterwards all is as before."""
    from torch.onnx import symbolic_helper
    from torch.onnx.utils import register_custom_op_symbolic, unregister_custom_op_symbolic

    parse = symbolic_helper.parse_args  # v: a value of the graph, i: a number
    symbolics: dict[str, Any] = {
        "aten::mT": _transpose,
        "aten::unfold": parse("v", "i", "v", "v")(_unfold),
    }
    fused = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    for name, symbolic in symbolics.items():
        register_custom_op_symbolic(name, symbolic, opset)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)
        for name in symbolics:
            unregister_custom_op_symbolic(name, opset)


def _transpose(graph: Any, x: Any) -> Any:
    rank = x.type().dim()
    return graph.op("Transpose", x, perm_i=[*range(rank - 2), rank - 1, rank - 2])


def _unfold(graph: Any, x: Any, dimension: int, size: Any, step: Any) -> Any:
    """Windows of the last axis: ``(..., time)`` to ``(..., window, size)``."""
    if dimension not in {-1, x.type().dim() - 1}:
        raise ValueError(f"Only the last axis can be unfolded in ONNX, not {dimension}.")

    def constant(value: int | list[int]) -> Any:
        return graph.op("Constant", value_t=torch.tensor(value))

    length = graph.op("Gather", graph.op("Shape", x), constant(-1), axis_i=0)
    end = graph.op("Add", graph.op("Sub", length, size), constant(1))
    starts = graph.op("Unsqueeze", graph.op("Range", constant(0), end, step), constant([1]))
    within = graph.op("Range", constant(0), size, constant(1))
    return graph.op("Gather", x, graph.op("Add", starts, within), axis_i=x.type().dim() - 1)  # (window, size) places
