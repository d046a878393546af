"""What is scored, and on what: the model and the prepared corpus that a spec means."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from separate_cli import models
from separate_cli.data.corpus import Corpus
from separate_cli.errors import SpecError
from separate_cli.hub.loading import load_model
from separate_cli.inference.device import choose_device
from separate_cli.metrics import METRICS
from separate_cli.models.base import Separator
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.evaluation.base import Evaluation
from separate_cli.specs.train import ModelSpec

__all__ = ["Subject", "check_metrics", "corpus_of", "subject_of"]


@dataclass(frozen=True)
class Subject:
    """A model that is scored.

    Args:
        model: In eval mode, on its device.
        content_hash: Of its weights and arguments.
    """

    model: Separator
    content_hash: str

    @property
    def sample_rate(self) -> int:
        """Of the model, in Hz."""
        return round(self.model.sample_rate)


def check_metrics(names: tuple[str, ...]) -> None:
    """Refuse metrics that there are not, before any work.

    Raises:
        SpecError: If one is unknown.
    """
    if unknown := [name for name in names if name not in METRICS]:
        raise SpecError(
            " ".join(f"eval.metrics: {METRICS.unknown(name)}" for name in unknown),
            hint="See the list of metrics in the docs.",
        )


def subject_of(spec: Evaluation, context: StageContext) -> Subject:
    """The model that ``spec`` means: a file, one that needs no training, or what ``train`` has made.

    Raises:
        InputError: If the file cannot be read.
        SpecError: If the model cannot be made as asked.
    """
    device = choose_device(spec.device)
    if spec.baseline is not None:
        asked = json.dumps(spec.baseline.identity(), sort_keys=True)
        return Subject(_baseline(spec.baseline).eval().to(device), hashlib.sha256(asked.encode()).hexdigest())
    loaded = load_model(context.inputs["model" if spec.model else "train"])
    return Subject(loaded.model.to(device), loaded.content_hash)


def corpus_of(spec: Evaluation, context: StageContext) -> Corpus:
    """The prepared corpus that ``spec`` means."""
    if spec.data is None:
        return Corpus.of("prepare", context.inputs)
    roots = {name: context.inputs[f"data.roots.{name}.path"] for name in spec.data.roots}
    return Corpus(context.inputs["data.path"], roots)


def _baseline(spec: ModelSpec) -> Separator:
    try:
        model = models.get(spec.name)(**spec.args)
    except (TypeError, ValueError) as error:
        raise SpecError(f"eval.baseline: {error}", hint="Change it in the recipe, or with --set.") from error
    if any(True for _ in model.parameters()):
        raise SpecError(
            f"eval.baseline: {spec.name} has to be trained first.", hint="Name a checkpoint instead: eval.model."
        )
    return model
