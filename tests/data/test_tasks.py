"""Tasks: one row each, for the names that a spec may use."""

from __future__ import annotations

from typing import get_args

import pytest

from separate_cli.data.mixtures import Mixture, Piece
from separate_cli.data.tasks import TASKS, signals_of
from separate_cli.errors import InputError
from separate_cli.specs.examples import TaskName


def having(*names: str) -> Mixture:
    return Mixture("m", "test", 8000, 9, {name: Piece(f"{name}.wav") for name in names})


def test_table_and_spec_know_the_same_tasks() -> None:
    assert set(TASKS) == set(get_args(TaskName))


def test_enhancement_of_several_speakers_wants_their_sum() -> None:
    assert signals_of(having("s1", "s2", "noise", "mix_clean", "mix_both"), "enh_both") == ("mix_both", ("mix_clean",))


def test_numbered_targets_come_in_the_order_of_their_numbers() -> None:
    names = [f"s{i}" for i in range(12, 0, -1)]
    assert signals_of(having("mix_clean", "s1_reverb", "speech", *names), "sep_clean")[1] == tuple(names[::-1])
    assert signals_of(having("mixture", "fg1", "bg", "fg0"), "sep_sounds")[1] == ("bg", "fg0", "fg1")


def test_names_of_signals_may_be_given_in_place_of_the_tasks() -> None:
    found = signals_of(having("far", "s1", "s1_reverb", "s2"), "sep_clean", input="far", targets=("s1_reverb", "s*"))
    assert found == ("far", ("s1_reverb", "s1", "s2"))


@pytest.mark.parametrize(
    ("names", "task", "why"),
    [
        (("s1", "s2"), "sep_noisy", "has no mix_both; it has s1, s2"),
        (("mix_clean",), "sep_clean", "no target"),
        (("mixture", "vocals"), "sep_music", "no drums, no bass, no other"),
    ],
)
def test_a_missing_signal_is_named(names: tuple[str, ...], task: TaskName, why: str) -> None:
    with pytest.raises(InputError, match=why):
        signals_of(having(*names), task)
