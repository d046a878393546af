"""Signals around a run: noted while it trains, passed on when it could not answer them."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from separate_cli.engine.running import listening
from separate_cli.errors import Interrupted

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="Windows has no SIGUSR1")


@pytest.fixture
def outside() -> Iterator[list[int]]:
    """What reaches the handler of SIGUSR1 that was there before the run."""
    came: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, frame: came.append(number))
    yield came
    signal.signal(signal.SIGUSR1, before)


def test_a_signal_after_the_last_step_is_passed_on(outside: list[int]) -> None:
    with listening(signal.SIGUSR1):
        signal.raise_signal(signal.SIGUSR1)
        assert outside == []
    assert outside == [signal.SIGUSR1]


def test_an_answered_signal_is_not_passed_on(outside: list[int]) -> None:
    with pytest.raises(Interrupted), listening(signal.SIGUSR1) as stop:
        signal.raise_signal(signal.SIGUSR1)
        assert stop.number == signal.SIGUSR1
        stop.answer()
        raise Interrupted("Stopped.")
    assert outside == []


def test_a_second_signal_interrupts_and_the_first_one_is_not_forgotten(outside: list[int]) -> None:
    with pytest.raises(KeyboardInterrupt), listening(signal.SIGUSR1):
        signal.raise_signal(signal.SIGUSR1)
        signal.raise_signal(signal.SIGTERM)
    assert outside == [signal.SIGUSR1]


def test_a_failure_is_not_hidden_by_a_signal_that_came_before(outside: list[int]) -> None:
    with pytest.raises(ZeroDivisionError), listening(signal.SIGUSR1):
        signal.raise_signal(signal.SIGUSR1)
        raise ZeroDivisionError
    assert outside == []
