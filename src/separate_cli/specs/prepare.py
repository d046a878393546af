"""What ``sep data prepare`` may be asked for, whatever the corpus: folders of audio, and who is in which part.

The corpora themselves are in ``specs.corpora``, one a file.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from separate_cli.specs.base import Reads, Spec, StageSpec
from separate_cli.specs.ranges import Probability, Seed

__all__ = [
    "AudioFolder",
    "CorpusName",
    "CorpusSpec",
    "ListFolder",
    "ListedCorpus",
    "MixtureCorpus",
    "Part",
    "SourceFolder",
    "SpeechFolder",
    "SplitAuto",
    "SplitByFolder",
    "SplitByFraction",
    "SplitBySpeaker",
    "SplitByTable",
    "SplitRule",
]

Part = Literal["train", "valid", "test"]

CORPUS_SUFFIXES: tuple[str, ...] = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".aif", ".aiff", ".sph", ".caf", ".wv1")
"""Files of a corpus that count."""

SPEAKER_PATTERNS: dict[str, str] = {
    "librispeech": r"(?:^|/)(?P<speaker>\d+)-\d+-\d+\.\w+$",
    "folder": r"(?P<speaker>[^/]+)/[^/]+$",
    "top-folder": r"^(?P<speaker>[^/]+)/",
    "file": r"^(?P<speaker>.+)$",
}
"""Known ways to read the speaker off a path, relative to the corpus, with ``/`` between folders."""

AUTO_SPEAKER: tuple[str, ...] = ("librispeech", "folder", "file")
"""``auto`` is the first of these that fits all files."""


class SplitByFraction(Spec):
    """A share of the speakers, chosen by a hash of their names: the same on every machine, whatever the order."""

    rule: Literal["fraction"] = "fraction"
    valid: Probability = 0.1
    test: Probability = 0.1
    seed: Seed = 0

    @model_validator(mode="after")
    def _something_remains(self) -> SplitByFraction:
        if self.valid + self.test >= 1:
            raise ValueError(f"expected valid + test < 1, got {self.valid} + {self.test}: nothing is left to train on")
        return self


class SplitAuto(Spec):
    """As folders are called, if there is one for each part (``tr cv tt``, ``train valid test``); else by fraction."""

    rule: Literal["auto"] = "auto"
    seed: Seed = 0


class SplitByFolder(Spec):
    """A file belongs to a part when one of its folders matches one of the part's patterns; all others train."""

    rule: Literal["folder"] = "folder"
    valid: tuple[str, ...] = ("dev*", "valid*", "cv")
    test: tuple[str, ...] = ("test*", "tt")


class SplitBySpeaker(Spec):
    """Lists of speakers; all others train."""

    rule: Literal["speaker"] = "speaker"
    valid: tuple[str, ...] = ()
    test: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _disjoint(self) -> SplitBySpeaker:
        if both := set(self.valid) & set(self.test):
            raise ValueError(f"expected no speaker in both valid and test, got {', '.join(sorted(both))}")
        return self


class SplitByTable(Spec):
    """A column of a CSV file says the part. Files that the table does not name are left out."""

    rule: Literal["table"] = "table"
    table: Annotated[Path, Reads()] = Field(
        description="CSV file with a header; paths in it are relative to its own folder."
    )
    path_column: str = "path"
    part_column: str = "split"
    parts: dict[str, Part] = Field(
        {
            "train": "train",
            "valid": "valid",
            "test": "test",
            "tr": "train",
            "cv": "valid",
            "tt": "test",
            "dev": "valid",
        },
        description="What the column says → which part that is. Rows that say something else are left out.",
    )


SplitRule = Annotated[
    SplitByFraction | SplitByFolder | SplitBySpeaker | SplitByTable | SplitAuto,
    Field(discriminator="rule", description="Which recordings train, validate and test."),
]


class AudioFolder(Spec):
    """A folder of recordings, searched to the bottom, and what its licence asks for."""

    path: Annotated[Path, Reads(*(f"**/*{suffix}" for suffix in CORPUS_SUFFIXES))]
    split: SplitRule = SplitByFraction()
    include: tuple[str, ...] = Field(
        (), description="Only files whose path matches one of these patterns, for example train-clean-100/*."
    )
    licence: str = ""
    url: str = ""
    author: str = ""
    non_commercial: bool = False


class SpeechFolder(AudioFolder):
    """A folder of clean speech."""

    speaker: str = Field(
        "librispeech",
        description="How a path names its speaker: auto, librispeech, folder, top-folder, file, or a regular "
        "expression with a group called speaker.",
    )

    @field_validator("speaker")
    @classmethod
    def _names_a_speaker(cls, value: str) -> str:
        if value == "auto" or value in SPEAKER_PATTERNS:
            return value
        try:
            groups = re.compile(value).groupindex
        except re.error as error:
            raise ValueError(f"expected {_KNOWN} or a regular expression, got {value!r}: {error}") from error
        if "speaker" not in groups:
            raise ValueError(f"expected {_KNOWN} or a regular expression with (?P<speaker>...), got {value!r}")
        return value


_KNOWN = ", ".join(["auto", *SPEAKER_PATTERNS])
CorpusName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
ExecutorName = Annotated[str, Field(pattern=r"^(local(:[1-9]\d*)?|dask:\S+)$")]


class CorpusSpec(StageSpec):
    """What all corpora have in common. Who makes them, and how many at a time, decides nothing about the result."""

    runtime: ClassVar[frozenset[str]] = frozenset({"executor"})

    kind: str
    executor: ExecutorName = Field(
        "local", description="Who makes mixtures: local (one process a CPU), local:4, dask:tcp://host:8786."
    )


class MixtureCorpus(CorpusSpec):
    """A corpus of mixtures that are made of other corpora. Large, so that all recipes of a workspace share it."""

    shared: ClassVar[bool] = True

    mixtures: Literal["on_disk", "on_the_fly"] = Field(
        "on_disk", description="Write them as files, or only a list from which the same samples are added up when read."
    )
    audio: Literal["wav", "flac"] = Field("wav", description="Kind of the files; FLAC takes half the space.")


class SourceFolder(Spec):
    """The folder of a corpus whose layout, licence and author are known."""

    path: Annotated[Path, Reads(*(f"**/*{suffix}" for suffix in CORPUS_SUFFIXES))]


class ListedCorpus(MixtureCorpus):
    """A corpus whose mixtures are files already: only a list is made of them, nothing is copied."""

    mixtures: Literal["on_the_fly"] = "on_the_fly"


class ListFolder(SourceFolder):
    """The same, where lists in it count, too."""

    path: Annotated[Path, Reads(*(f"**/*{suffix}" for suffix in (*CORPUS_SUFFIXES, ".json", ".csv", ".npy", ".mp4")))]
