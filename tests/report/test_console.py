"""Results on stdout, the rest on stderr; one JSON document when asked; no traceback for a user's mistake."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from separate_cli.cli.command import command
from separate_cli.errors import Fault, InputError, PartialFailure, SepError, SpecError
from separate_cli.report.console import Console, out

RUN = CliRunner()


def app_that(action: object) -> typer.Typer:
    app = typer.Typer(name="sep")

    @app.callback()
    def root() -> None: ...

    @command(app, "go")
    def go(number: int = 1) -> None:
        out.note("a note")
        out.warn("a warning")
        out.line("a line")
        out.table(("a", "b"), [("1", "2")])
        out.result({"number": number})
        if isinstance(action, BaseException):
            raise action

    return app


def test_results_go_to_stdout_and_notes_to_stderr() -> None:
    done = RUN.invoke(app_that(None), ["go"])
    assert done.stdout == "a line\na\tb\n1\t2\n"
    assert done.stderr == "a note\nwarning: a warning\n"


def test_quiet_keeps_results_and_warnings_only() -> None:
    done = RUN.invoke(app_that(None), ["go", "-q"])
    assert done.stdout == "a line\na\tb\n1\t2\n"
    assert done.stderr == "warning: a warning\n"


@pytest.mark.parametrize(
    ("action", "code", "status"),
    [
        (None, 0, "done"),
        (PartialFailure("one of two failed"), 1, "partial"),
        (SpecError("bad", faults=(Fault("f.yaml:3", "train.epochs", "too few"),)), 2, "error"),
        (InputError("no file", hint="look again"), 3, "error"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_json_is_one_document_whatever_happens(action: object, code: int, status: str) -> None:
    done = RUN.invoke(app_that(action), ["go", "--json", "--number", "7"])
    document = json.loads(done.stdout)
    assert done.exit_code == document["exit_code"] == code
    assert document["status"] == status
    assert document["result"] == {"number": 7}
    assert document["warnings"] == ["a warning"]
    assert document["command"] == "go"
    assert done.stderr == ""


def test_faults_are_listed_in_json_and_for_people() -> None:
    error = SpecError("bad", faults=(Fault("f.yaml:3", "train.epochs", "too few"), Fault("--set", "x", "unknown")))
    assert json.loads(RUN.invoke(app_that(error), ["go", "--json"]).stdout)["error"]["faults"][1]["field"] == "x"
    assert "  f.yaml:3: train.epochs: too few\n" in RUN.invoke(app_that(error), ["go"]).stderr


def test_an_error_is_two_lines_without_a_traceback() -> None:
    done = RUN.invoke(app_that(InputError("There is no x.", hint="Make one.")), ["go", "-q"])
    assert done.stderr.splitlines()[-2:] == ["error: There is no x.", "hint: Make one."]
    assert "Traceback" not in done.stderr


def test_debug_shows_the_traceback() -> None:
    assert "Traceback" in RUN.invoke(app_that(InputError("no")), ["go", "--debug"]).stderr


def test_every_error_has_an_exit_code_of_the_documented_list() -> None:
    def tree(cls: type[SepError]) -> list[type[SepError]]:
        return [cls, *(c for child in cls.__subclasses__() for c in tree(child))]

    codes = {cls.exit_code for cls in tree(SepError)}
    assert codes == {1, 2, 3, 4, 5, 130}


def test_brackets_in_names_are_printed_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console()
    console.note("file [bold]x[/bold].wav")
    assert capsys.readouterr().err == "file [bold]x[/bold].wav\n"


def test_a_bar_is_drawn_on_a_terminal_only() -> None:
    import io

    from rich.console import Console as RichConsole

    drawn = io.StringIO()
    console = Console()
    console._stderr = RichConsole(file=drawn, force_terminal=True, width=100)
    with console.task("files", total=2, unit="files") as bar:
        bar.advance()
        bar.describe("[a].wav")
    assert "files" in drawn.getvalue()
    silent = io.StringIO()
    console._stderr = RichConsole(file=silent, force_terminal=False)
    with console.task("files", total=2) as bar:
        bar.advance(2)
    assert silent.getvalue() == ""
