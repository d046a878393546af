"""A model as a file that runs without this package: waves in, waves out, Fourier transforms included.

    Separator --recorded at one size--> ONNX or TorchScript, mixture (batch, channel, time) -> estimates
              --run at other batches and lengths, against the model itself--> kept, or no file

A recorded graph may silently hold a size of the example that it was recorded with. That is why a file is kept only
after it gave the model's numbers at sizes that it never saw.

Checked: tests/hub/test_export.py (all models, both formats).
"""

from __future__ import annotations

import copy
import inspect
import logging
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from separate_cli.errors import InputError, UsageError
from separate_cli.files import atomic_path
from separate_cli.hub.checkpoint import software_versions
from separate_cli.hub.export_forms import example_inputs, exportable
from separate_cli.hub.header import Header
from separate_cli.hub.onnx_operators import more_operators
from separate_cli.models.base import Separator

__all__ = ["SUFFIXES", "Export", "Format", "export_model"]

Format = Literal["onnx", "torchscript"]
SUFFIXES: dict[str, str] = {"onnx": ".onnx", "torchscript": ".pt"}
"""Format → suffix of its files."""
OPSET = 17
"""ONNX operator set that all models can be written in, and the oldest."""
MAX_RELATIVE_ERROR = 1e-4
"""Of the largest sample; single precision in another order of operations gives 1e-7 to 1e-5."""
_EXAMPLE_SECONDS = 0.5
_CHECKED = ((1, 0.31), (3, 0.83), (2, 0.004))
"""Batch sizes and lengths in seconds that an export is checked at; the last is shorter than many filters."""

Inputs = dict[str, Tensor]
Run = Callable[[Inputs], Tensor]


@dataclass(frozen=True)
class Export:
    """An exported file that was checked.

    Attributes:
        path: The file.
        format: ``"onnx"`` or ``"torchscript"``.
        opset: ONNX operator set; None for TorchScript.
        relative_error: Largest difference from the model's estimates over their largest magnitude.
        checked_shapes: Shapes of the mixtures that were compared.
    """

    path: Path
    format: str
    opset: int | None
    relative_error: float
    checked_shapes: tuple[tuple[int, ...], ...]


def export_model(
    model: Separator, path: Path, *, format: Format = "onnx", opset: int = OPSET, header: Header | None = None
) -> Export:
    """Write a model as an ONNX or TorchScript file with dynamic batch and time, if it gives the model's numbers.

    The file takes ``mixture``, ``(batch, channel, time)`` in single precision at the model's sample rate (audio-visual
    models: and ``faces``), and gives ``estimates``, ``(batch, source, time)`` (music: ``(batch, source, channel,
    time)``), at the level of ``forward``.

    Args:
        model: The model; it is not changed.
        path: Where to.
        format: ``"onnx"`` or ``"torchscript"``.
        opset: ONNX operator set, at least 17.
        header: What is known about the model; stored in the file.

    Returns:
        What was written and how closely it agrees.

    Raises:
        UsageError: If the model is no fixed graph, ``opset`` is too small, or a package for ONNX is missing.
        InputError: If the model cannot be recorded, or the file does not give its numbers; no file is left.
        OutputError: If the file cannot be written.
    """
    if format == "onnx":
        _require_onnx(opset)
    model = copy.deepcopy(model).cpu().float().eval()
    form = exportable(model).eval()  # exporters put modules back into the mode they found
    example = example_inputs(model, 2, _EXAMPLE_SECONDS)
    checks = [example_inputs(model, batch, seconds) for batch, seconds in _CHECKED]
    about = _about(model, header)
    problems: list[str] = []
    with atomic_path(path) as temporary, torch.no_grad():
        for write in _WRITERS[format]:
            try:
                with _quiet():
                    run, used_opset = write(form, example, temporary, about, opset)
                    error = max(_relative_error(run, model, inputs) for inputs in checks)
            except Exception as failure:  # exporters raise whatever they like
                problems.append(_first_words(failure))
                continue
            if error <= MAX_RELATIVE_ERROR:  # not so for NaN
                shapes = tuple(tuple(inputs["mixture"].shape) for inputs in checks)
                return Export(path, format, used_opset, error, shapes)
            problems.append(f"its estimates differ by {error:.1e}, relative to the largest sample")
        raise InputError(
            f"{type(model).__name__} cannot be exported to {format}: {'; or: '.join(problems)}.",
            hint="The other format may work: --format torchscript" if format == "onnx" else "Run it with sep infer.",
        )


Writer = Callable[[nn.Module, Inputs, Path, dict[str, str], int], tuple[Run, int | None]]


def _write_torchscript(
    form: nn.Module, example: Inputs, path: Path, about: dict[str, str], opset: int
) -> tuple[Run, int | None]:
    del opset
    traced = torch.jit.trace(form, tuple(example.values()), check_trace=False)  # type: ignore[no-untyped-call]  # untyped in torch
    torch.jit.save(traced, str(path), _extra_files=dict(about))
    loaded = torch.jit.load(str(path))  # type: ignore[no-untyped-call]
    return lambda inputs: loaded(*inputs.values()), None


def _write_onnx_traced(
    form: nn.Module, example: Inputs, path: Path, about: dict[str, str], opset: int
) -> tuple[Run, int | None]:
    """By the exporter that records a trace: it knows every operation used here, and shapes stay formulas."""
    chosen: dict[str, Any] = {"dynamo": False} if "dynamo" in inspect.signature(torch.onnx.export).parameters else {}
    axes = {name: {0: "batch", 2: "time" if name == "mixture" else f"{name}_time"} for name in example}
    axes["estimates"] = {0: "batch", form(*example.values()).ndim - 1: "time"}
    with more_operators(opset):
        torch.onnx.export(
            form,
            tuple(example.values()),
            str(path),
            input_names=list(example),
            output_names=["estimates"],
            opset_version=opset,
            dynamic_axes=axes,
            **chosen,
        )
    return _finish_onnx(path, about)


def _write_onnx_exported(
    form: nn.Module, example: Inputs, path: Path, about: dict[str, str], opset: int
) -> tuple[Run, int | None]:
    """By the exporter built on ``torch.export``: slower, and its operator sets start at 18."""
    dynamic = torch.export.Dim.DYNAMIC
    torch.onnx.export(
        form,
        tuple(example.values()),
        str(path),
        input_names=list(example),
        output_names=["estimates"],
        opset_version=max(opset, 18),
        dynamic_shapes=tuple({0: dynamic, 2: dynamic} for _ in example),
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    return _finish_onnx(path, about)


_WRITERS: dict[str, tuple[Writer, ...]] = {
    "onnx": (_write_onnx_traced, _write_onnx_exported),
    "torchscript": (_write_torchscript,),
}
"""Format → ways to write it, tried in this order."""


def _finish_onnx(path: Path, about: dict[str, str]) -> tuple[Run, int | None]:
    """Put the description into the file, validate it, and open it."""
    import onnx
    import onnxruntime

    graph = onnx.load(path)
    onnx.helper.set_model_props(graph, about)
    onnx.checker.check_model(graph)
    onnx.save(graph, path)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors only
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    opset = next(row.version for row in graph.opset_import if row.domain in {"", "ai.onnx"})

    def run(inputs: Inputs) -> Tensor:
        arrays = {name: value.numpy() for name, value in inputs.items()}
        return torch.from_numpy(session.run(None, arrays)[0])

    return run, opset


def _require_onnx(opset: int) -> None:
    if opset < OPSET:
        raise UsageError(f"Expected an ONNX operator set of {OPSET} or more, got {opset}.", hint="Leave it out.")
    missing = [name for name in ("onnx", "onnxruntime", "onnxscript") if find_spec(name) is None]
    if missing:
        raise UsageError(
            f"Exporting to ONNX needs {' and '.join(missing)}.", hint="Install with: pip install 'separate-cli[onnx]'"
        )


def _about(model: Separator, header: Header | None) -> dict[str, str]:
    """The header as JSON strings by field, as in a checkpoint of ours."""
    known = header or Header(
        model_name=type(model).__name__,
        model_args=model.get_model_args(),
        sample_rate=model.sample_rate,
        source_names=model.source_names,
    )
    return known.model_copy(update={"software": software_versions()}).to_metadata()


@contextmanager
def _quiet() -> Iterator[None]:
    """Exporters warn about every size that might be fixed and about their own age; what counts is the comparison."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _first_words(failure: Exception) -> str:
    """What an exporter complained about, without colours and pages of graph."""
    text = re.sub(r"\x1b\[\d+m", "", str(failure)) or type(failure).__name__
    return " ".join(text.split())[:200].rstrip(".")


def _relative_error(run: Run, model: Separator, inputs: Inputs) -> float:
    expected, found = model(*inputs.values()), run(inputs)
    if found.shape != expected.shape:
        raise ValueError(f"it gives {tuple(found.shape)} where the model gives {tuple(expected.shape)}")
    largest = expected.abs().max().clamp_min(torch.finfo(expected.dtype).tiny)
    return float((found - expected).abs().max() / largest)
