"""What ``sep publish`` may be asked for."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from separate_cli.specs.base import Spec

__all__ = ["PublishSpec"]


class PublishSpec(Spec):
    """Where a model goes, and what is said about it beyond what its run knows."""

    hub: Literal["zenodo", "hugging_face"]
    sandbox: bool = Field(False, description="Zenodo's sandbox for trials instead of Zenodo itself.")
    repo: str | None = Field(None, description="user/name on Hugging Face.", pattern=r"^[\w.-]+/[\w.-]+$")
    private: bool = Field(False, description="A new repository on Hugging Face is for its owner only.")

    title: str = Field("", description="empty: model, data set and task.", max_length=200)
    authors: tuple[str, ...] = Field((), description="Family, Given (Affiliation) [ORCID]")
    licence: str = Field("", description="empty: the freest that the data sets allow.")
    communities: tuple[str, ...] | None = Field(
        None, description="Of Zenodo. null: asteroid-models, none in the sandbox."
    )
    new_version_of: str | None = Field(None, description="Number or DOI of a record on Zenodo.")
    resume: int | None = Field(None, description="Number of a draft on Zenodo to go on with.", gt=0)

    @model_validator(mode="after")
    def _fits_the_hub(self) -> PublishSpec:
        if self.hub == "hugging_face" and not self.repo:
            raise ValueError("expected a repository, user/name")
        foreign: dict[str, object] = {"repo": self.repo, "private": self.private}
        if self.hub == "hugging_face":
            foreign = {"sandbox": self.sandbox, "community": self.communities, "resume": self.resume}
            foreign |= {"new_version_of": self.new_version_of}
        if wrong := [name.replace("_", "-") for name, value in foreign.items() if value]:
            raise ValueError(f"{', '.join(wrong)}: not on {self.hub.replace('_', ' ').title()}")
        if self.resume and self.new_version_of:
            raise ValueError("expected either a draft to resume or a record to make a new version of, got both")
        return self
