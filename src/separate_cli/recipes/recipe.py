"""What a recipe is: a header that people read, and one validated section a stage."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SerializeAsAny, field_validator

from separate_cli.specs.base import Spec, StageSpec

__all__ = ["HEADER", "Recipe", "Section"]

_RunName = Annotated[str, Field(pattern=r"^\w[\w.+-]*$")]
_StageName = Annotated[str, Field(pattern=r"^\w[\w+-]*$")]
"""Both are names of folders, on every system."""


class Section(Spec):
    """One stage of a recipe.

    ``name`` is the stage's own name, ``verb`` what it does (the same, unless a recipe trains twice), ``after`` the
    earlier stages whose results it is given.
    """

    name: _StageName
    verb: str
    after: tuple[str, ...] = ()
    spec: SerializeAsAny[StageSpec]


class Recipe(Spec):
    """A named chain of stages, as data. Only the sections decide results; the header is for people.

    ``published`` holds scores reported elsewhere for this system, by metric name, and ``source`` says where; ``ours``
    holds what we have reached with the recipe. ``disk`` and ``time`` are about what it takes. ``downloads`` names the
    corpora of ``sep data ls`` that its data are made of, and which of their parts (none: the usual ones).
    """

    name: _RunName
    description: str = ""
    task: str = ""
    corpus: str = ""
    model: str = ""
    published: dict[str, float] = Field(default_factory=dict)
    source: str = ""
    ours: dict[str, float] = Field(default_factory=dict)
    disk: str = ""
    time: str = ""
    downloads: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    sections: tuple[Section, ...]

    @field_validator("sections")
    @classmethod
    def _in_order(cls, sections: tuple[Section, ...]) -> tuple[Section, ...]:
        """Sections after those whose results they need, otherwise as written."""
        todo, ordered, done = list(sections), list[Section](), set[str]()
        while todo:
            ready = next((section for section in todo if done.issuperset(section.after)), None)
            if ready is None:
                names = [section.name for section in sections]
                lost = [f"{s.name} needs {name}" for s in todo for name in s.after if name not in names]
                circle = f"{', '.join(section.name for section in todo)} wait for each other"
                raise ValueError("; ".join(lost) + ", which the recipe does not have" if lost else circle)
            todo.remove(ready)
            ordered.append(ready)
            done.add(ready.name)
        return tuple(ordered)

    def __getitem__(self, stage: str) -> StageSpec:
        """The spec of a stage, by the stage's name.

        Raises:
            KeyError: If the recipe has no such stage.
        """
        for section in self.sections:
            if section.name == stage:
                return section.spec
        raise KeyError(stage)

    def __contains__(self, stage: object) -> bool:
        return any(section.name == stage for section in self.sections)


HEADER: tuple[str, ...] = tuple(name for name in Recipe.model_fields if name != "sections")
"""Names of the fields that are not stages."""
