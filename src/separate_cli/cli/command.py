"""What all commands share: output modes, error form, exit codes.

@command(app, "infer")
def infer(...): ...      gets --json, --quiet, --verbose, --debug, and never shows a traceback for a user's mistake
"""

from __future__ import annotations

import functools
import inspect
import os
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
def _tidy_ends() -> Iterator[None]:
    """Let SIGTERM, and SLURM's warning that the time is up, end the work as tidily as Ctrl-C does.

    SIGTERM is a scheduler's or container's stop. After the warning, the job is queued again.

    Raises:
        Interrupted: If the work was interrupted, in whatever way.
    """
    warned = False

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    def queue_again(*_: object) -> None:
        nonlocal warned
        warned = True
        for number in before:  # SLURM ends a job that is queued again, in the middle of what we say
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    handlers = {signal.SIGTERM: stop, **_at_the_end_of_time(queue_again)}
    if threading.current_thread() is not threading.main_thread():
        handlers = {}
    before = {number: signal.getsignal(number) for number in handlers}
    try:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        yield
    except (KeyboardInterrupt, Interrupted) as error:
        message = error.message if isinstance(error, Interrupted) else "Interrupted."
        hint = error.hint if isinstance(error, Interrupted) else "Run the same command again to go on from here."
        raise Interrupted(message, hint=_requeue() if warned else hint) from error
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def _at_the_end_of_time(queue_again: Callable[..., None]) -> dict[signal.Signals, Any]:
    """What SLURM's warning does in one of its jobs; of processes that work together, the first answers for all."""
    if "SLURM_JOB_ID" not in os.environ:
        return {}
    from separate_cli.engine.ranks import Ranks
    from separate_cli.engine.requeue import requeue_signals

    return dict.fromkeys(requeue_signals(), queue_again if Ranks.of(os.environ).is_leader else signal.SIG_IGN)


def _requeue() -> str:
    from separate_cli.engine.requeue import requeue

    return requeue()


def _run(function: Callable[[], None], *, command: str, mode: Any, verbose: bool, debug: bool) -> None:
    from separate_cli.report.console import out

    out.configure(command=command, mode=mode, verbose=verbose, debug=debug)
    failure: SepError | None = None
    try:
        with _tidy_ends():
            function()
    except SepError as error:
        failure = error
    except KeyboardInterrupt:  # a second one, while the first was being told
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
