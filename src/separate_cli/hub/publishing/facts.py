"""All that is said about a model when it is published, gathered once: header, card and descriptions are made from it.

trained model + evaluation + who publishes it --gather--> Facts (header with licence, metrics, recipe, environment)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from separate_cli.errors import UsageError
from separate_cli.files import hash_file
from separate_cli.hub.checkpoint import Weights
from separate_cli.hub.header import Header
from separate_cli.hub.licences import Derived, derive_licence
from separate_cli.hub.loading import build, read_weights
from separate_cli.hub.publishing.evaluated import EvaluatedRun, Evaluation

__all__ = ["Creator", "Facts", "Score", "gather", "read_creator"]

_CREATOR = re.compile(r"(?P<name>[^()<>\[\]]+?)\s*(?:\((?P<affiliation>[^()]+)\))?\s*(?:\[(?P<orcid>[\dX-]{19})\])?")


@dataclass(frozen=True)
class Creator:
    """Somebody who made the model.

    Args:
        name: ``"Family, Given"``.
        affiliation: Where they work; may be empty.
        orcid: Their ORCID; may be empty.
    """

    name: str
    affiliation: str = ""
    orcid: str = ""

    def as_dict(self) -> dict[str, str]:
        """For JSON, without what is empty."""
        return {key: value for key, value in vars(self).items() if value}


def read_creator(text: str) -> Creator:
    """Read ``Family, Given (Affiliation) [ORCID]``; all but the name may be missing.

    Raises:
        UsageError: If it has another form.

    >>> read_creator("Doe, Jane (Some Lab) [0000-0002-1825-0097]").as_dict()
    {'name': 'Doe, Jane', 'affiliation': 'Some Lab', 'orcid': '0000-0002-1825-0097'}
    """
    found = _CREATOR.fullmatch(text.strip())
    if found is None or not text.strip().isprintable():
        raise UsageError(
            f"{text!r} names no author.", hint='Expected for example: --author "Doe, Jane (Some Lab) [ORCID]"'
        )
    return Creator(**{key: value or "" for key, value in found.groupdict().items()})


@dataclass(frozen=True)
class Score:
    """A mean over the evaluation set, with its 95 % interval where there is one."""

    name: str
    mean: float
    low: float | None
    high: float | None
    count: int


@dataclass(frozen=True)
class Facts:
    """What is said about a model.

    Args:
        title: What it is called.
        weights: Its tensors, and the header with all that follows.
        n_sources: How many signals it gives.
        creators: Who made it.
        derived: Its licence, and why it is this one.
        evaluation: How it was scored.
        paper: Where the model comes from, as its source code says; may be empty.
    """

    title: str
    weights: Weights
    n_sources: int
    creators: tuple[Creator, ...]
    derived: Derived
    evaluation: Evaluation
    paper: str

    @property
    def header(self) -> Header:
        """The header of the checkpoint."""
        return self.weights.header

    @property
    def kind(self) -> str:
        """What such models are called."""
        return "audio source separation" if self.n_sources > 1 else "speech enhancement"

    @property
    def finished(self) -> datetime:
        """When the evaluation was finished."""
        return datetime.fromtimestamp(self.evaluation.record.finished, timezone.utc)

    @property
    def environment(self) -> dict[str, str]:
        """Versions of what trained and scored it."""
        return {**self.evaluation.record.software, **self.header.software}

    def scores(self) -> tuple[Score, ...]:
        """The scores that lists show: of the first condition, outputs and improvements."""
        return tuple(_scores(self.header.metrics["conditions"], self.evaluation.scores.get("metrics") or ()))


def gather(run: EvaluatedRun, *, title: str, creators: Sequence[Creator], licence: str = "", recipe: str = "") -> Facts:
    """Gather all that is said about a model.

    Args:
        run: The scored model.
        title: What to call it; empty for model, data and task.
        creators: Who made it.
        licence: A licence to use within what is allowed; empty for the freest that is.
        recipe: Name of the recipe.

    Raises:
        RefusedError: If the data sets do not allow to publish it (like this).
        InputError: If the model cannot be read.
    """
    weights = read_weights(run.model)
    model = build(weights, where=str(run.model))
    derived = derive_licence(weights.header.datasets, wanted=licence)
    recipes = {**weights.header.recipe, "eval": _resolved(run.evaluation)} | ({"name": recipe} if recipe else {})
    title = title or _title(weights.header)
    header = weights.header.model_copy(
        update={
            "title": title,
            "licence": derived.licence.title,
            "metrics": _metrics(run.evaluation),
            "recipe": recipes,
            "parents": {**weights.header.parents, "trained": hash_file(run.model)},
        }
    )
    return Facts(
        title=title,
        weights=Weights(Header.model_validate(header.model_dump()), weights.tensors),
        n_sources=model.n_sources,
        creators=tuple(creators),
        derived=derived,
        evaluation=run.evaluation,
        paper=_paper(type(model)),
    )


def _title(header: Header) -> str:
    """``ConvTasNet_Libri2Mix_sep_clean``, as far as that is known."""
    first = header.datasets[0].name if header.datasets else ""
    words = [re.sub(r"[^\w.+-]+", "-", word) for word in (header.model_name, first, header.task) if word]
    return "_".join(words)


def _metrics(evaluation: Evaluation) -> dict[str, Any]:
    scores = evaluation.scores
    conditions = _table(scores.get("conditions"))
    counts = [_table(one).get("count") or 0 for found in conditions.values() for one in _table(found).values()]
    part = evaluation.record.spec.get("part", "test")
    return {
        "eval_set": f"{part} part, {max(counts, default=0)} examples",
        "eval_set_sha256": evaluation.set_digest,
        "headline": scores.get("headline", {}),
        "conditions": conditions,
        "confidence": "95 % bootstrap interval of the mean (low, high)",
    }


def _resolved(evaluation: Evaluation) -> dict[str, Any]:
    return {name: value for name, value in evaluation.record.spec.items() if value is not None}


def _scores(conditions: Mapping[str, Any], metrics: Sequence[str]) -> Iterator[Score]:
    """Outputs and improvements of the first condition, in the order in which the metrics were asked for."""
    first: Mapping[str, Any] = next(iter(conditions.values()), {})
    order = [name for metric in metrics for name in (metric, f"{metric}_imp") if name in first]
    for name in dict.fromkeys([*order, *first]):
        one = first[name]
        if name.startswith(("input_", "oracle_")) or not isinstance(one, dict) or one.get("mean") is None:
            continue
        yield Score(name, float(one["mean"]), one.get("low"), one.get("high"), int(one.get("count") or 0))


def _paper(cls: type) -> str:
    """What the module of a model names as its source."""
    import sys

    text = sys.modules[cls.__module__].__doc__ or ""
    found = re.search(r"^Source:\s*(.+?)(?=\n\s*\n|\n[A-Z]\w+:|\Z)", text, re.MULTILINE | re.DOTALL)
    return " ".join(found[1].replace("``", "").split()).rstrip(".") if found else ""


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
