"""What ``sep infer`` may be asked for."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, PositiveFloat

from separate_cli.specs.base import Spec

__all__ = ["InferSpec"]


class InferSpec(Spec):
    """Everything beside model and recording that decides the samples of an output."""

    runtime: ClassVar[frozenset[str]] = frozenset({"device", "overwrite"})

    channels: Literal["each", "mix", "first"] = Field(
        "each",
        description="What a single-channel model does with several channels: each by itself, their mean, the first.",
    )
    resample: bool = Field(True, description="Convert to the model's rate and back; otherwise other rates are refused.")
    chunk_seconds: PositiveFloat | None = Field(None, description="Length of a chunk. null: chosen by the tool.")
    container: Literal["auto", "wav", "flac", "aiff", "caf", "w64", "au", "ogg", "mp3"] = Field(
        "auto", description="Kind of output file. auto: as the input where that is lossless, else WAV."
    )
    bits: Literal["auto", "16", "24", "float"] = Field("auto", description="Depth of the output. auto: as the input.")

    device: str = Field("auto", description="auto, cpu, cuda, cuda:1, mps")
    overwrite: bool = Field(False, description="Redo what is done, and replace files that sep did not write.")
