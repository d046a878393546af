"""What all commands share: output modes, error form, exit codes.

@command(app, "infer")
def infer(...): ...      gets --json, --quiet, --verbose, --debug, and never shows a traceback for a user's mistake
"""

from __future__ import annotations

import functools
import inspect
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from separate_cli.errors import Interrupted, OutputError, PartialFailure, SepError

__all__ = ["command"]

_PANEL = "Output"
_SHARED: dict[str, Any] = {
    "json_output": Annotated[
        bool, typer.Option("--json", help="Print one JSON document on stdout.", rich_help_panel=_PANEL)
    ],
    "quiet": Annotated[bool, typer.Option("--quiet", "-q", help="No notes, no progress.", rich_help_panel=_PANEL)],
    "verbose": Annotated[bool, typer.Option("--verbose", "-v", help="Tell more.", rich_help_panel=_PANEL)],
    "debug": Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.", rich_help_panel=_PANEL)],
}


def command(app: typer.Typer, name: str, **options: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function as subcommand ``name`` of ``app``, with the shared options and error handling.

    In a group (``typer.Typer(name="recipes")``) the JSON document names the command ``"recipes ls"``.
    """
    group = app.info.name if isinstance(app.info.name, str) else "sep"

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(function, eval_str=True)
        shared = [
            inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=annotation)
            for key, annotation in _SHARED.items()
        ]

        @functools.wraps(function)
        def run(**arguments: Any) -> None:
            json_output, quiet, verbose, debug = (arguments.pop(key) for key in _SHARED)
            _run(
                functools.partial(function, **arguments),
                command=name if group == "sep" else f"{group} {name}",
                mode="json" if json_output else "quiet" if quiet else "human",
                verbose=verbose,
                debug=debug,
            )

        run.__signature__ = signature.replace(  # type: ignore[attr-defined]  # Typer reads the signature
            parameters=[
                *(p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in signature.parameters.values()),
                *shared,
            ]
        )
        run.__annotations__ = {p.name: p.annotation for p in run.__signature__.parameters.values()}  # type: ignore[attr-defined]
        app.command(name, **options)(run)
        return function

    return decorate


@contextmanager
def _terminate_as_interrupt() -> Iterator[None]:
    """Let SIGTERM (a scheduler's or container's stop) end the work as tidily as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _run(function: Callable[[], None], *, command: str, mode: Any, verbose: bool, debug: bool) -> None:
    from separate_cli.report.console import out

    out.configure(command=command, mode=mode, verbose=verbose, debug=debug)
    failure: SepError | None = None
    try:
        with _terminate_as_interrupt():
            function()
    except SepError as error:
        failure = error
    except KeyboardInterrupt:
        failure = Interrupted("Interrupted.", hint="Run the same command again to go on from here.")
    except BrokenPipeError:
        sys.stderr.close()
        raise typer.Exit(1) from None
    except MemoryError:
        failure = OutputError("Not enough memory.", hint="Use smaller chunks or batches, or close other programs.")
    if failure is not None:
        if debug:
            import traceback

            traceback.print_exception(failure)
        out.error(failure)
    code = 0 if failure is None else failure.exit_code
    out.finish(exit_code=code, error=None if isinstance(failure, PartialFailure) and mode == "json" else failure)
    if code:
        raise typer.Exit(code)
