"""``sep demo``: the whole product in a few seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from separate_cli.cli.command import command

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    command(app, "demo", epilog="Example: sep demo -o somewhere")(demo)


def demo(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Where to write.")] = Path("sep-demo"),
) -> None:
    """Restore a sentence muffled by a face mask, say what improved, and draw it."""
    from dataclasses import asdict

    from separate_cli.report.console import out
    from separate_cli.stages.demo import demo as run

    done = run(output, progress=out)
    out.table(
        ("score", "muffled", "enhanced", ""),
        [
            (f"{s.metric} ({s.unit})" if s.unit else s.metric, f"{s.before:.2f}", f"{s.after:.2f}", _verdict(s.gain))
            for s in done.scores
        ],
    )
    for metric, reason in done.missing.items():
        out.note(f"{metric}: {reason}")
    for path in (done.muffled, done.enhanced, done.clear, done.picture):
        out.line(str(path))
    out.note("Your own recording: sep infer demask FILE")
    out.result(
        {
            **{key: str(getattr(done, key)) for key in ("muffled", "enhanced", "clear", "picture")},
            "scores": [asdict(score) for score in done.scores],
            "missing": done.missing,
        }
    )


def _verdict(gain: float) -> str:
    """In the precision that is shown."""
    return "same" if abs(gain) < 0.005 else "better" if gain > 0 else "worse"
