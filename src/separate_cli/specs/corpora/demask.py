"""DeMask's corpus: clean speech, room responses and noise that its examples are drawn from."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, NonNegativeFloat, model_validator

from separate_cli.specs.prepare import AudioFolder, CorpusName, CorpusSpec, SpeechFolder

__all__ = ["DemaskCorpus"]


class DemaskCorpus(CorpusSpec):
    """Clean speech, and, where there are any, room responses and noise, each under a short name."""

    kind: Literal["demask"] = "demask"
    speech: dict[CorpusName, SpeechFolder] = Field(min_length=1)
    rooms: dict[CorpusName, AudioFolder] = Field({})
    noise: dict[CorpusName, AudioFolder] = Field({})
    min_seconds: NonNegativeFloat = Field(1.0, description="Shorter speech is left out.")

    @model_validator(mode="after")
    def _names_are_unique(self) -> DemaskCorpus:
        names = [*self.speech, *self.rooms, *self.noise]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"expected different names, got twice: {', '.join(sorted(twice))}")
        return self
