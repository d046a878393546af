"""What a trained model says about how it came to be: data sets and their licences, recipe, parents.

corpus.json, stage.json of the stages before --provenance_of--> fields of the checkpoint's header
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from separate_cli.data.corpus import Corpus
from separate_cli.data.tasks import TASKS
from separate_cli.hub.header import Dataset
from separate_cli.pipeline.record import read_record
from separate_cli.specs.examples import ExamplesSpec, MixtureExamples, RemixExamples
from separate_cli.specs.train import TrainSpec

__all__ = ["provenance_of", "resolved"]

_CHANCES = {"rooms": "room_probability", "noise": "noise_probability"}
"""Role of a corpus → field that says how often it is drawn from."""
_LICENCE_FIELDS = ("licence", "url", "author", "non_commercial")


def provenance_of(spec: TrainSpec, corpus: Corpus, inputs: Mapping[str, Path]) -> dict[str, Any]:
    """Fields of ``hub.header.Header`` for a model that is trained by ``spec``.

    Args:
        spec: The training.
        corpus: What is trained on.
        inputs: Of the stage; those that earlier stages have made are named as parents.

    Raises:
        InputError: If the corpus does not say what it is.
    """
    datasets = tuple(_datasets(spec.examples, corpus.facts()))
    task = task_of(spec.examples)
    records = {name: record for name, path in inputs.items() if (record := read_record(path)) is not None}
    return {
        "title": f"{spec.model.name}_{datasets[0].name}_{task}" if datasets else f"{spec.model.name}_{task}",
        "task": task,
        "datasets": datasets,
        "recipe": resolved(spec, inputs),
        "parents": {name: record.content().digest for name, record in records.items()},
        "notes": tuple(f"{one.name} is for non-commercial use only." for one in datasets if one.non_commercial),
    }


def resolved(spec: TrainSpec, inputs: Mapping[str, Path]) -> dict[str, Any]:
    """The settings, defaults included, of the training and of the stages that have made its inputs."""
    before = {name: record.spec for name, path in inputs.items() if (record := read_record(path)) is not None}
    return {**before, "train": spec.model_dump(mode="json", exclude=set(spec.runtime))}


def task_of(examples: ExamplesSpec) -> str:
    """What the model learns, in a word."""
    if isinstance(examples, MixtureExamples):
        return examples.task
    if not isinstance(examples, RemixExamples):
        return examples.kind
    noisy = "noisy" if examples.noise_probability else "clean"
    return examples.valid_task or (f"sep_{noisy}" if examples.n_src > 1 else "enh_single")


def _datasets(examples: ExamplesSpec, facts: Mapping[str, Mapping[str, Any]]) -> Iterator[Dataset]:
    """Every corpus that a part of the examples comes from."""
    for role, corpora in facts.items():
        for name, about in corpora.items():
            if role not in _unheard(examples) and "train" in about["parts"]:
                yield Dataset(name=name, part="train", **{field: about[field] for field in _LICENCE_FIELDS})


def _unheard(examples: ExamplesSpec) -> set[str]:
    """What of a corpus has no part in the examples. In doubt, a licence is named rather than left out."""
    never = {role for role, field in _CHANCES.items() if getattr(examples, field, 1.0) == 0}
    if isinstance(examples, RemixExamples) and examples.mix_from == "speech":
        never.add("mixtures")
    if isinstance(examples, MixtureExamples):
        heard = examples.input or TASKS[examples.task].input
        never |= {"noise"} if heard.startswith("mix_clean") else set()
    return never
