from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar

import pytest
from pydantic import Field, ValidationError

from separate_cli.specs.base import Reads, Spec


class Schedule(Spec):
    budget: ClassVar[frozenset[str]] = frozenset({"patience"})
    runtime: ClassVar[frozenset[str]] = frozenset({"log_every"})

    factor: float = 0.5
    patience: int = 5
    log_every: int = 10


class Corpus(Spec):
    folder: Annotated[Path, Reads("**/*.wav")]
    licence: str = ""


class Train(Spec):
    budget: ClassVar[frozenset[str]] = frozenset({"epochs"})
    runtime: ClassVar[frozenset[str]] = frozenset({"device"})

    cyclic: bool = False
    epochs: int = 10
    device: str = "cpu"
    schedule: Schedule = Schedule()
    corpora: dict[str, Corpus] = Field({})
    noise: Annotated[tuple[Path, ...] | None, Reads()] = None
    tags: frozenset[str] = frozenset()
    out: Path = Path("a") / "b"

    def budget_fields(self) -> frozenset[str]:
        return frozenset() if self.cyclic else self.budget


def test_identity_holds_defaults_but_no_budget_no_run_time_knob_and_no_place() -> None:
    spec = Train(corpora={"libri": Corpus(folder=Path("/here"))}, noise=(Path("n"),), tags=frozenset({"b", "a"}))
    assert spec.identity() == {
        "cyclic": False,
        "schedule": {"factor": 0.5},
        "corpora": {"libri": {"licence": ""}},
        "tags": ["a", "b"],
        "out": "a/b",
    }


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"epochs": 99}, True),
        ({"device": "cuda"}, True),
        ({"schedule": Schedule(patience=1, log_every=1)}, True),
        ({"noise": (Path("elsewhere"),)}, True),
        ({"schedule": Schedule(factor=0.1)}, False),
        ({"cyclic": True}, False),
    ],
)
def test_digest_changes_with_what_decides_the_result_and_with_nothing_else(change: dict, same: bool) -> None:
    assert (Train(**change).digest() == Train().digest()) == same


def test_schedule_over_the_whole_training_moves_the_budget_into_the_identity() -> None:
    assert Train(cyclic=True).identity()["epochs"] == 10
    assert Train(cyclic=True, epochs=20).digest() != Train(cyclic=True, epochs=10).digest()
    assert Train(cyclic=True).allowance() == {"schedule.patience": 5}


def test_allowance_names_nested_budgets_by_dotted_path() -> None:
    assert Train(epochs=7).allowance() == {"epochs": 7, "schedule.patience": 5}


def test_sources_are_found_at_any_depth() -> None:
    spec = Train(corpora={"libri": Corpus(folder=Path("l"))}, noise=(Path("n"), Path("m")))
    assert spec.sources() == {
        "corpora.libri.folder": (Path("l"), ("**/*.wav",)),
        "noise.0": (Path("n"), ("**/*",)),
        "noise.1": (Path("m"), ("**/*",)),
    }


def test_unknown_fields_changes_and_infinities_are_refused() -> None:
    with pytest.raises(ValidationError, match="epoch"):
        Train(epoch=3)  # type: ignore[call-arg]
    with pytest.raises(ValidationError, match="frozen"):
        Train().epochs = 3  # type: ignore[misc]
    with pytest.raises(ValidationError, match="finite"):
        Schedule(factor=float("inf"))
