from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, ClassVar

import pytest

from separate_cli.pipeline.stage import Source, StageContext
from separate_cli.recipes.recipe import Recipe, Section
from separate_cli.specs.base import Reads, StageSpec
from separate_cli.stages import assemble as module
from separate_cli.stages.assemble import assemble


class Corpus(StageSpec):
    folder: Annotated[Path, Reads("**/*.flac")] = Path("~/speech")


class Train(StageSpec):
    version: ClassVar[int] = 4
    after: ClassVar[tuple[str, ...]] = ("prepare",)
    incidental: ClassVar[tuple[str, ...]] = ("*.csv",)

    noise: Annotated[Path | None, Reads("*.wav")] = Path("noise")


def section(name: str, spec: StageSpec, verb: str = "") -> Section:
    return Section(name=name, verb=verb or name, after=spec.needs(), spec=spec)


@pytest.fixture
def recipe() -> Recipe:
    parts = (section("train", Train()), section("prepare", Corpus()), section("again", Train(noise=None), "train"))
    return Recipe(name="toy", sections=parts)


def test_stages_follow_the_recipe_in_the_order_of_their_needs(recipe: Recipe) -> None:
    prepare, train, again = assemble(recipe)
    assert [stage.name for stage in (prepare, train, again)] == ["prepare", "train", "again"]
    assert (train.version, train.incidental) == (4, ("*.csv",))
    assert train.spec == Train()


def test_inputs_are_the_stages_needed_their_sources_and_the_own_ones(recipe: Recipe) -> None:
    prepare, train, again = assemble(recipe)
    speech = Source(Path("~/speech").expanduser(), ("**/*.flac",))
    assert prepare.inputs == {"folder": speech}
    assert train.inputs == {"prepare": prepare, "prepare.folder": speech, "noise": Source(Path("noise"), ("*.wav",))}
    assert again.inputs == {"prepare": prepare, "prepare.folder": speech}


def test_verb_names_the_module_that_runs_with_spec_and_context(
    recipe: Recipe, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen = []
    monkeypatch.setattr(
        module,
        "import_module",
        lambda name: SimpleNamespace(run=lambda spec, context: seen.append((name, spec, context))),
    )
    context = StageContext(tmp_path, {})
    assemble(recipe)[2].run(context)
    assert seen == [("separate_cli.stages.train", Train(noise=None), context)]
