"""Events: sentences for people, JSON Lines for programs, and the result as the last of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from separate_cli.cli.command import command
from separate_cli.errors import InputError
from separate_cli.report.console import out

Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    def make(where: str | None, *flags: str, fails: bool = False) -> Result:
        app = typer.Typer(name="sep")

        @app.callback()
        def root() -> None: ...

        @command(app, "go")
        def go() -> None:
            out.send_events(where)
            out.tell("epoch", "epoch 3 is over", epoch=3, loss=-1.5)
            out.tell("step", rate=0.1)
            out.result({"done": True})
            out.line("a path")
            if fails:
                raise InputError("no file", hint="look again")

        return CliRunner().invoke(app, ["go", *flags])

    return make


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_sentence_is_for_people_even_without_a_terminal(run: Run) -> None:
    done = run(None)
    assert (done.stderr, done.stdout) == ("epoch 3 is over\n", "a path\n")
    assert run(None, "--quiet").stderr == ""


def test_facts_go_to_a_file_line_by_line_and_are_added_to_it(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    assert run(str(file)).stdout == "a path\n"
    run(str(file))
    events = lines(file.read_text())
    assert [event["event"] for event in events] == ["epoch", "step", "end"] * 2
    assert events[0].items() >= {"text": "epoch 3 is over", "epoch": 3, "loss": -1.5}.items()
    assert events[1]["rate"] == 0.1 and "text" not in events[1]
    assert events[2].items() >= {"command": "go", "status": "done", "result": {"done": True}}.items()
    moments = [float(str(event["moment"])) for event in events]
    assert moments == sorted(moments)


def test_on_stdout_events_take_the_place_of_the_result(run: Run) -> None:
    events = lines(run("-").stdout)
    assert [event["event"] for event in events] == ["epoch", "step", "end"]


def test_an_error_is_in_the_last_event(run: Run) -> None:
    done = run("-", fails=True)
    last = lines(done.stdout)[-1]
    assert done.exit_code == last["exit_code"] == 3
    assert last["error"]["hint"] == "look again"  # type: ignore[index]


def test_a_file_and_a_document_go_together_but_not_two_on_stdout(run: Run, tmp_path: Path) -> None:
    document = json.loads(run(str(tmp_path / "e"), "--json").stdout)
    assert document["result"] == {"done": True}
    assert lines((tmp_path / "e").read_text())[-1]["event"] == "end"
    assert run("-", "--json").exit_code == 2


def test_a_file_that_cannot_be_written_is_an_error_before_the_work(run: Run, tmp_path: Path) -> None:
    done = run(str(tmp_path / "no" / "such" / "folder"))
    assert done.exit_code == 3
    assert "Cannot write" in done.stderr
