"""A run that was scored: the model, the scores, and that they belong together.

exp/RUN/EVAL/KEY/metrics.json  "model": SHA-256  ==  exp/RUN/TRAIN/KEY/model.safetensors
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from separate_cli.errors import InputError, UsageError
from separate_cli.files import hash_file
from separate_cli.pipeline.inventory import METRICS_FILE, Holding, take_inventory
from separate_cli.pipeline.key import json_digest
from separate_cli.pipeline.record import RECORD, Record, read_record

__all__ = ["EvaluatedRun", "Evaluation", "find_evaluation", "with_model"]

_EVALUATED = ("prepare", "data")
"""Inputs of an evaluation that say on what it was done; the others say which model it was done with."""
_ABOUT_THE_MODEL = frozenset({"model", "baseline", "metrics", "saved_examples", "oracle"})
"""Fields of an evaluation's spec that do not change on what it was done."""


@dataclass(frozen=True)
class Evaluation:
    """A finished evaluation.

    Args:
        run: Name of the run.
        folder: Where its result is.
        record: How it came to be.
        scores: What is in ``metrics.json``.
    """

    run: str
    folder: Path
    record: Record
    scores: Mapping[str, Any]

    @property
    def model_digest(self) -> str:
        """SHA-256 of the file of the model that was scored."""
        return str(self.scores["model"])

    @property
    def set_digest(self) -> str:
        """A hash of what was evaluated on: content of the corpus, part, conditions. The same for all models."""
        inputs = {k: v.digest for k, v in self.record.inputs.items() if k.partition(".")[0] in _EVALUATED}
        asked = {name: value for name, value in self.record.spec.items() if name not in _ABOUT_THE_MODEL}
        return json_digest({"inputs": inputs, "spec": asked})


@dataclass(frozen=True)
class EvaluatedRun:
    """An evaluation and the very file that was scored."""

    evaluation: Evaluation
    model: Path


def find_evaluation(workspace: Path, run: str | None = None) -> Evaluation:
    """The newest evaluation of a run, or of all runs of the workspace.

    Args:
        workspace: The folder that holds ``exp/``.
        run: Name of a run, or a folder in it; None for all.

    Raises:
        UsageError: If there is no such run.
        InputError: If nothing was evaluated, or the evaluation is not up to date.
    """
    name = None if run is None else _name_of(run, workspace)
    found = [one for one in take_inventory(workspace) if name in {None, one.run} and _scores(one) is not None]
    done = [one for one in found if one.state == "done"]
    if done:
        return _evaluation(max(done, key=lambda one: one.moment or 0.0))
    where = f"The run {name}" if name else f"{workspace / 'exp'}"
    if found and name:
        newest = max(found, key=lambda one: one.moment or 0.0)
        raise InputError(
            f"The evaluation of {name} is {newest.state}: {newest.reason}.", hint=f"Evaluate it: sep eval {name}"
        )
    hint = f"Evaluate it first: sep eval {name}" if name else "Evaluate a run first: sep eval RUN. See: sep status"
    raise InputError(f"{where} holds no evaluation that is up to date.", hint=hint)


def with_model(evaluation: Evaluation, workspace: Path, *, named: Path | None = None) -> EvaluatedRun:
    """Find the file that was scored.

    Args:
        evaluation: The evaluation.
        workspace: The folder that holds ``exp/``.
        named: The model that the recipe names, if it trains none.

    Raises:
        InputError: If it is not there any more, or was changed.
    """
    trained = _trained(workspace / "exp" / evaluation.run, evaluation.model_digest)
    for path in (trained, named):
        if path is not None and path.is_file() and hash_file(path) == evaluation.model_digest:
            return EvaluatedRun(evaluation, path)
    what = f"{trained or named} was changed" if trained or named else "it has no file"
    raise InputError(
        f"The model that was scored in {evaluation.run} cannot be published: {what}.",
        hint=f"Train and score it again: sep eval {evaluation.run}",
    )


def _name_of(run: str, workspace: Path) -> str:
    """The name of the run that a name, or a folder in it, means."""
    runs = workspace / "exp"
    for place in (runs / run, Path(run).absolute()):
        plain = Path(os.path.normpath(place))
        if runs in plain.parents and plain.is_dir():
            return plain.relative_to(runs).parts[0]
    raise UsageError(f"There is no run {run!r} in {runs}.", hint="See: sep status")


def _scores(holding: Holding) -> dict[str, Any] | None:
    """What an evaluation found; None for every other stage."""
    if holding.folder is None:
        return None
    try:
        scores = json.loads((holding.folder / METRICS_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return scores if isinstance(scores, dict) and isinstance(scores.get("model"), str) else None


def _evaluation(holding: Holding) -> Evaluation:
    folder, scores = holding.folder, _scores(holding)
    record = None if folder is None else read_record(folder)
    if folder is None or scores is None or record is None:
        raise InputError(f"The evaluation of {holding.run} vanished.", hint="Run the same command again.")
    return Evaluation(holding.run, folder, record, scores)


def _trained(run: Path, digest: str) -> Path | None:
    """The file of a run whose record says that it has this content."""
    for note in sorted(run.glob(f"*/*/{RECORD}")):
        record = read_record(note.parent)
        for name, output in record.outputs.items() if record else ():
            if output.sha256 == digest:
                return note.parent / name
    return None
