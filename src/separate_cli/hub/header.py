"""What a checkpoint says about itself: a closed, validated description beside the weights.

    safetensors metadata (str → str)  <--to_metadata / from_metadata-->  Header

Each field is one JSON string in the file's header, so that any safetensors reader can show it without loading tensors.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from separate_cli.errors import InputError

__all__ = ["FORMAT_VERSION", "Dataset", "Header"]

FORMAT_VERSION: Literal["1"] = "1"


def _finite(value: Any) -> Any:
    """``value`` with the text of what JSON has no number for, like the infinite SIR of a single source."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _storable(value: dict[str, Any]) -> dict[str, Any]:
    try:
        return {key: _finite(item) for key, item in value.items()}
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


Facts = Annotated[dict[str, Any], AfterValidator(_storable)]


class Dataset(BaseModel):
    """One data set that the weights were trained on, with what its licence asks for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    licence: str
    url: str = ""
    author: str = ""
    part: str = Field("", description="Which part was used, for example train-clean-100.")
    non_commercial: bool = False


class Header(BaseModel):
    """Everything that is known about a checkpoint but its weights."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    sep_format: Literal["1"] = FORMAT_VERSION
    model_name: str
    model_args: Facts
    sample_rate: float = Field(gt=0, allow_inf_nan=False)
    source_names: tuple[str, ...] | None = None
    title: str = Field("", description="What a person calls it, for example demask.")
    licence: str = ""
    datasets: tuple[Dataset, ...] = ()
    task: str = ""
    recipe: Facts = Field(default_factory=dict, description="The resolved recipe that made it.")
    command: str = ""
    metrics: Facts = Field(default_factory=dict, description="Scores, with the hash of the evaluation set.")
    software: dict[str, str] = Field(default_factory=dict)
    parents: dict[str, str] = Field(default_factory=dict, description="What it was made from → SHA-256.")
    notes: tuple[str, ...] = ()
    rebuilt: tuple[str, ...] = Field((), description="Buffers that are not stored: the constructor makes them again.")

    @model_validator(mode="after")
    def _can_be_shown(self) -> Header:
        try:
            json.dumps(self.model_dump(mode="python"), ensure_ascii=False, default=str).encode()
        except (UnicodeEncodeError, RecursionError) as error:
            raise ValueError("not all of it can be shown") from error
        return self

    def to_metadata(self) -> dict[str, str]:
        """The header as safetensors metadata: one JSON string a field."""
        return {key: json.dumps(value, sort_keys=True) for key, value in self.model_dump(mode="json").items()}

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str], *, where: str) -> Header:
        """Read and validate a header.

        Raises:
            InputError: If it is not one of ours, is of a newer format, or does not validate.
        """
        if "sep_format" not in metadata:
            raise InputError(
                f"{where} holds tensors but does not say which model they belong to.",
                hint="Expected a checkpoint written by sep; convert others with: sep model convert FILE",
            )
        try:
            fields = {key: json.loads(value) for key, value in metadata.items() if key != "format"}
        except (json.JSONDecodeError, RecursionError) as error:
            raise InputError(f"{where} has a damaged header: {error}.", hint="Get the file again.") from error
        if fields["sep_format"] != FORMAT_VERSION:
            raise InputError(
                f"{where} has checkpoint format {fields['sep_format']!r}; this version reads {FORMAT_VERSION!r}.",
                hint="Update with: pip install --upgrade separate-cli",
            )
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"]) or "text"
            raise InputError(
                f"{where} has a damaged header: {place}: {first['msg']}.", hint="Get the file again."
            ) from error
