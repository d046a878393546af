"""Toy stages for recipes, so that their tests do not depend on any real corpus or model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import pytest
from pydantic import Field, PositiveInt, model_validator

from separate_cli.recipes import find, validate
from separate_cli.specs.base import Reads, Spec, StageSpec


class Libri(StageSpec):
    kind: Literal["libri"]
    folder: Annotated[Path, Reads("**/*.flac")]
    speakers: PositiveInt = 2


class Music(StageSpec):
    kind: Literal["music"]
    stems: tuple[str, ...] = ("vocals", "drums")


class Optimizer(Spec):
    name: Literal["adam", "sgd"] = "adam"
    lr: Annotated[float, Field(gt=0)] = 1e-3


class Train(StageSpec):
    version: ClassVar[int] = 4
    after: ClassVar[tuple[str, ...]] = ("prepare",)
    incidental: ClassVar[tuple[str, ...]] = ("*.csv",)

    batch_size: PositiveInt
    epochs: PositiveInt = 10
    optimizer: Optimizer = Optimizer()
    layers: tuple[Optimizer, ...] = ()
    note: str | None = None

    @model_validator(mode="after")
    def _not_thirteen(self) -> Train:
        if self.epochs == 13:
            raise ValueError("expected a lucky number of epochs, got 13")
        return self


class Eval(StageSpec):
    after: ClassVar[tuple[str, ...]] = ("prepare", "train")

    metrics: tuple[str, ...] = ("si_sdr",)


TYPES: dict[str, Any] = {"prepare": Annotated[Libri | Music, Field(discriminator="kind")], "train": Train, "eval": Eval}

GOOD = """\
description: A toy.
task: separation
published: {si_sdr: 14.7}
prepare:
  kind: libri
  folder: speech
train:
  batch_size: 8
  optimizer: {lr: 1e-4}
eval:
"""


@pytest.fixture(autouse=True)
def toy_sections(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Toy verbs, an empty folder of built-in recipes, and a current folder of its own."""
    monkeypatch.setattr(validate, "section_type", TYPES.__getitem__)
    monkeypatch.setattr(validate, "SECTIONS", dict.fromkeys(TYPES, ""))
    monkeypatch.setattr(find, "BUILTIN", tmp_path / "builtin")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")


@pytest.fixture
def write() -> Callable[[str, str], Path]:
    """Write a recipe file below the current folder."""

    def write(name: str, text: str) -> Path:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def good(write: Callable[[str, str], Path]) -> Path:
    return write("good.yaml", GOOD)
