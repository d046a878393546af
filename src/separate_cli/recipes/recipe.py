"""What a recipe is: a header that people read, and one validated section a stage."""

from __future__ import annotations

from pydantic import Field, SerializeAsAny

from separate_cli.specs.base import Spec, StageSpec

__all__ = ["HEADER", "Recipe", "Section"]


class Section(Spec):
    """One stage of a recipe.

    ``name`` is the stage's own name, ``verb`` what it does (the same, unless a recipe trains twice), ``after`` the
    earlier stages whose results it is given.
    """

    name: str
    verb: str
    after: tuple[str, ...] = ()
    spec: SerializeAsAny[StageSpec]


class Recipe(Spec):
    """A named chain of stages, as data. Only the sections decide results; the header is for people.

    ``published`` holds scores reported elsewhere for this system, by metric name; ``source`` says where.
    """

    name: str
    description: str = ""
    task: str = ""
    corpus: str = ""
    model: str = ""
    published: dict[str, float] = Field(default_factory=dict)
    source: str = ""
    sections: tuple[Section, ...]

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
