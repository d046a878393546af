"""Bars that run at the same time share the terminal and leave nothing behind."""

from __future__ import annotations

import io
import threading
from contextlib import suppress

from rich.console import Console

from separate_cli.report import bars
from separate_cli.report.bars import bar


def terminal() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=100, color_system=None)


def text(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_bar_inside_a_bar_is_drawn_with_it() -> None:
    console = terminal()
    with bar(console, "outer", total=10, unit="MB") as outer, bar(console, "inner [1]", total=None, unit="MB") as inner:
        outer.advance(4)
        inner.advance(2)
        inner.describe("again")
        bars._running[console][0].refresh()
    assert "4/10 MB" in text(console)
    assert "inner [1] again" in text(console)


def test_bars_of_threads_come_and_go_and_the_terminal_is_free_again() -> None:
    console = terminal()
    barrier, failures = threading.Barrier(4), []

    def work(number: int) -> None:
        try:
            for _ in range(5):
                with bar(console, f"file {number}", total=3, unit="MB") as drawn:
                    barrier.wait(10)
                    drawn.advance(3)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert console not in bars._running
    with bar(console, "afterwards", total=1, unit=""):
        pass


def test_a_bar_whose_work_fails_is_taken_down() -> None:
    console = terminal()
    with suppress(ZeroDivisionError), bar(console, "work", total=1, unit=""):
        1 / 0  # noqa: B018
    assert console not in bars._running
