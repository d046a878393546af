"""``sep model``: look into checkpoints, check them, turn Asteroid's into ours, and export them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from separate_cli.cli import model_cache
from separate_cli.cli.command import command

if TYPE_CHECKING:
    from separate_cli.hub.header import Header

__all__ = ["register"]

_group = typer.Typer(name="model", help="Look into checkpoints, check, convert and export them.", no_args_is_help=True)

ModelArgument = Annotated[
    str,
    typer.Argument(
        metavar="MODEL", help="A bundled or published name, a file, a run folder or a URL.", show_default=False
    ),
]
ModelClass = Annotated[
    str,
    typer.Option("--model", metavar="CLASS", help="Model class, where the file does not say (training checkpoints)."),
]


def register(app: typer.Typer) -> None:
    """Add the group to ``app``."""
    model_cache.register(_group)
    app.add_typer(_group, epilog="Example: sep model show demask")


@command(_group, "ls")
def ls() -> None:
    """List the models that come with the package.

    Example: sep model ls
    """
    from separate_cli.hub import bundled, read_header
    from separate_cli.report.console import out

    rows = {name: read_header(path) for name, path in bundled().items()}
    out.table(
        ("name", "model", "rate", "task", "licence"),
        [(n, h.model_name, f"{h.sample_rate:g} Hz", h.task, h.licence) for n, h in rows.items()],
    )
    out.result({"models": [{"name": n, **_summary(h)} for n, h in rows.items()]})


@command(_group, "show")
def show(model: ModelArgument, model_class: ModelClass = "") -> None:
    """Show what a checkpoint says about itself, without building the model.

    Example: sep model show demask
    """
    from separate_cli.files import hash_file
    from separate_cli.hub.loading import read_located
    from separate_cli.hub.references import resolve
    from separate_cli.report.console import out

    found = resolve(model, progress=out)
    weights = read_located(found, model_name=model_class)
    facts = {
        "path": str(found.path),
        **({"origin": found.origin} if found.origin else {}),
        "sha256": hash_file(found.path),
        "bytes": found.path.stat().st_size,
        "tensors": len(weights.tensors),
        "values": sum(tensor.numel() for tensor in weights.tensors.values()),
        **_summary(weights.header),
    }
    for key, value in facts.items():
        out.line(f"{key:>13}  {_one_line(value)}")
    out.result(facts)


@command(_group, "check")
def check(
    files: Annotated[list[str], typer.Argument(metavar="MODEL...", help="Checkpoints to check.", show_default=False)],
    model_class: ModelClass = "",
) -> None:
    """Load each checkpoint completely and run it on half a second of noise; say which are sound.

    Example: sep model check *.pth
    """
    from separate_cli.errors import PartialFailure, SepError
    from separate_cli.hub.checking import check_model
    from separate_cli.report.console import out

    rows: list[dict[str, Any]] = []
    for name in files:
        try:
            rows.append({"model": name, "ok": True, **check_model(name, model_name=model_class)})
            out.line(f"ok      {name}")
        except SepError as error:
            rows.append({"model": name, "ok": False, "problem": error.message})
            out.line(f"failed  {name}: {error.message}")
    out.result({"checked": rows})
    bad = [row["model"] for row in rows if not row["ok"]]
    if bad:
        raise PartialFailure(
            f"{len(bad)} of {len(rows)} checkpoints are not sound.", hint=f"See above: {', '.join(bad)}"
        )


@command(_group, "convert")
def convert(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="A checkpoint of Asteroid.", show_default=False)],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to (default: FILE with .safetensors).")
    ] = None,
    model_class: ModelClass = "",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing output.")] = False,
) -> None:
    """Turn a checkpoint of Asteroid into a safetensors file that says everything about itself.

    Example: sep model convert best_model.pth -o convtasnet.safetensors
    """
    from separate_cli.errors import OutputError
    from separate_cli.files import hash_file
    from separate_cli.hub.checkpoint import write_weights
    from separate_cli.hub.loading import build, read_weights
    from separate_cli.report.console import out

    target = output or source.with_suffix(".safetensors")
    if target.exists() and not overwrite:
        raise OutputError(f"{target} exists.", hint="Choose another name with -o, or give --overwrite.")
    weights = read_weights(source, model_name=model_class)
    build(weights, where=str(source))  # never convert what does not load
    parents = {source.name: hash_file(source)}
    header = weights.header.model_copy(update={"parents": parents, "title": weights.header.title or source.stem})
    write_weights(type(weights)(header, weights.tensors), target)
    out.line(str(target))
    out.result({"path": str(target), "sha256": hash_file(target), **_summary(header)})


@command(_group, "export")
def export(
    model: ModelArgument,
    format: Annotated[
        Literal["onnx", "torchscript"], typer.Option("--format", "-f", help="What other programs can run.")
    ] = "onnx",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to (default: MODEL.onnx or MODEL.pt).")
    ] = None,
    *,
    opset: Annotated[int, typer.Option("--opset", metavar="N", help="ONNX operator set, 17 or more.")] = 17,
    model_class: ModelClass = "",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing output.")] = False,
) -> None:
    """Write a model as one file that takes waves and gives waves, and check it against the model.

    Example: sep model export demask --format onnx -o demask.onnx
    """
    from separate_cli.errors import OutputError
    from separate_cli.files import hash_file
    from separate_cli.hub.export import SUFFIXES, export_model
    from separate_cli.hub.loading import load_model
    from separate_cli.hub.model_cache import safe_name
    from separate_cli.report.console import out

    loaded = load_model(model, model_name=model_class, progress=out)
    target = output or Path(safe_name(loaded.name) + SUFFIXES[format])
    if target.exists() and not overwrite:
        raise OutputError(f"{target} exists.", hint="Choose another name with -o, or give --overwrite.")
    done = export_model(loaded.model, target, format=format, opset=opset, header=loaded.header)
    out.note(f"Agrees with the model to {done.relative_error:.1e} at {len(done.checked_shapes)} other sizes.")
    out.line(str(target))
    out.result(
        {
            "path": str(target),
            "sha256": hash_file(target),
            "bytes": target.stat().st_size,
            "format": format,
            "opset": done.opset,
            "relative_error": done.relative_error,
            "checked_shapes": done.checked_shapes,
            **_summary(loaded.header),
        }
    )


def _summary(header: Header) -> dict[str, Any]:
    return {key: value for key, value in header.model_dump(mode="json").items() if value not in ("", {}, [], None)}


def _one_line(value: Any) -> str:
    import json

    from separate_cli.hub.plain_text import clean

    return clean(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), limit=100_000)
