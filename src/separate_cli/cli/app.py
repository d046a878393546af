"""The ``sep`` executable: the list of its subcommands, and nothing else."""

from __future__ import annotations

from importlib import import_module

import typer

from separate_cli import __version__

__all__ = ["app", "main"]

VERBS: tuple[str, ...] = (
    "infer", "search_hub", "run", "data", "train", "eval", "publish", "status", "recipes", "model", "doctor", "demo",
)  # fmt: skip
"""Files of this folder, in the order of ``sep --help``. Each has ``register(app)`` and imports nothing heavy."""

app = typer.Typer(
    name="sep",
    help="Audio source separation and speech enhancement that just work.",
    epilog="Example: sep infer demask muffled.wav",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sep {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Audio source separation and speech enhancement that just work."""


for _verb in VERBS:
    import_module(f"separate_cli.cli.{_verb}").register(app)


def main() -> None:
    """Run ``sep``."""
    app()
