"""Train a model on a prepared corpus.

    spec, corpus --> data sets, model, loss, optimizer, schedule --fit--> model.safetensors, metrics.json, curves.*

``model.safetensors`` holds the best weights so far, and says what they were trained on; ``resume.ckpt`` is what the
next attempt goes on from.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from separate_cli import models
from separate_cli.data.corpus import Corpus
from separate_cli.data.demask import DemaskDataset
from separate_cli.data.sampling import EpochBatches
from separate_cli.engine.fitting import Plan, fit
from separate_cli.engine.loading import make_loader
from separate_cli.engine.objective import Objective
from separate_cli.engine.optimizers import make_optimizer
from separate_cli.engine.schedulers import make_schedules
from separate_cli.engine.system import System
from separate_cli.errors import SpecError
from separate_cli.files import write_json
from separate_cli.hub.checkpoint import save_checkpoint
from separate_cli.hub.header import Dataset
from separate_cli.inference.device import choose_device
from separate_cli.models.base import Separator
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.train import TrainSpec

__all__ = ["run"]


def run(spec: TrainSpec, context: StageContext) -> None:
    """Train until the epochs are over or patience is, going on where a killed attempt was.

    Raises:
        SpecError: If model, loss, optimizer or batch size cannot be made as asked.
        SepError: If training diverges.
    """
    device = choose_device(spec.device)
    corpus = Corpus.of("prepare", context.inputs)
    model = make_model(spec)
    system, batches = assemble(model, spec, corpus)
    about = _provenance(spec, corpus)

    def keep(**metrics: Any) -> None:
        save_checkpoint(model, context.folder / "model.safetensors", metrics=metrics, **about)

    outcome = fit(
        system,
        context.folder,
        batches=batches,
        plan=Plan(
            device=device,
            **spec.model_dump(include={field for field in Plan.__dataclass_fields__ if field != "device"}),
        ),
        on_better=keep,
        progress=context.progress,
    )
    headline = {"val_loss": outcome.best_loss, "epoch": outcome.best_epoch}
    keep(**headline)
    write_json(
        context.folder / "metrics.json", {"headline": headline, "epochs": outcome.epochs, "steps": outcome.steps}
    )


def make_model(spec: TrainSpec) -> Separator:
    """The model with its first weights, which depend on the seed.

    Raises:
        SpecError: If it cannot be made as asked, or is of another sample rate than the examples.
    """
    torch.manual_seed(spec.seed)
    with _blaming("train.model"):
        model = models.get(spec.model.name)(**spec.model.args)
    if model.sample_rate != spec.examples.sample_rate:
        raise SpecError(
            f"train.model works at {model.sample_rate:g} Hz, train.examples are at {spec.examples.sample_rate} Hz.",
            hint="Set train.model.args.sample_rate and train.examples.sample_rate to the same.",
        )
    return model


def assemble(model: Separator, spec: TrainSpec, corpus: Corpus) -> tuple[System, EpochBatches]:
    """Everything that trains ``model``, made from its spec.

    Raises:
        SpecError: If a part cannot be made as asked.
        InputError: If the corpus has no speech to train or validate on.
    """
    with _blaming("train.loss"):
        objective = Objective(spec.loss)
    optimizer_args = {"lr": spec.optimizer.lr, "weight_decay": spec.optimizer.weight_decay, **spec.optimizer.args}
    with _blaming("train.optimizer"):
        optimizer = make_optimizer(model.parameters(), spec.optimizer.name, **optimizer_args)
    train, valid = (DemaskDataset(corpus, spec.examples, part=part, seed=spec.seed) for part in ("train", "valid"))
    with _blaming("train.batch_size"):
        batches = EpochBatches(len(train), spec.batch_size, seed=spec.seed)
    steps = -(-batches.per_epoch // spec.accumulate_batches) * spec.epochs
    system = System(
        model,
        optimizer,
        objective,
        make_loader(train, batches, workers=spec.workers),
        make_loader(
            valid,
            EpochBatches(len(valid), spec.batch_size, seed=spec.seed, shuffle=False, drop_last=False),
            workers=spec.workers,
        ),
        make_schedules(spec.schedule, optimizer, total_steps=steps),
        config=spec.model_dump(mode="json"),
    )
    return system, batches


@contextmanager
def _blaming(field: str) -> Iterator[None]:
    """Turn what a constructor has against its arguments into a fault of the recipe."""
    try:
        yield
    except (TypeError, ValueError) as error:
        raise SpecError(f"{field}: {error}", hint="Change it in the recipe, or with --set.") from error


def _provenance(spec: TrainSpec, corpus: Corpus) -> dict[str, Any]:
    """What the checkpoint says about how it came to be."""
    roles = ["speech"]
    roles += ["rooms"] if spec.examples.room_probability else []
    roles += ["noise"] if spec.examples.noise_probability else []
    datasets = [
        Dataset(name=name, part="train", **{key: facts[key] for key in ("licence", "url", "author", "non_commercial")})
        for role in roles
        for name, facts in corpus.facts()[role].items()
        if "train" in facts["parts"]
    ]
    return {
        "title": spec.examples.kind,
        "task": spec.examples.kind,
        "datasets": tuple(datasets),
        "recipe": {"train": spec.model_dump(mode="json", exclude=set(spec.runtime))},
        "notes": tuple(f"{one.name} is for non-commercial use only." for one in datasets if one.non_commercial),
    }
