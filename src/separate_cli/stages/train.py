"""Train a model on a prepared corpus.

    spec, corpus --> examples, model, loss, optimizer, schedule --fit--> model.safetensors, metrics.json, curves.*

``model.safetensors`` holds the best weights so far, and says what they were trained on; ``resume.ckpt`` is what the
next attempt goes on from; ``recipe.json`` and ``environment.json`` say how, where and with what; ``samples/`` is to be
listened to.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
from torch.utils.data import default_collate

from separate_cli.data.corpus import Corpus
from separate_cli.data.examples import make_examples
from separate_cli.data.sampling import EpochBatches, Examples
from separate_cli.engine.fitting import Outcome, Plan, fit
from separate_cli.engine.loading import Share, ValidationShare, make_loader
from separate_cli.engine.objective import Objective
from separate_cli.engine.objectives import make_objective
from separate_cli.engine.objectives.guided import Guided, GuidedSystem
from separate_cli.engine.ranks import ALONE, Ranks
from separate_cli.engine.samples import write_samples
from separate_cli.engine.schedulers import make_schedules
from separate_cli.engine.surroundings import describe_surroundings
from separate_cli.engine.system import System
from separate_cli.engine.troubles import explained
from separate_cli.errors import SpecError
from separate_cli.files import check_space, hash_file, write_json
from separate_cli.hub.checkpoint import save_checkpoint
from separate_cli.hub.loading import load_model
from separate_cli.inference.device import choose_device
from separate_cli.models.base import Separator
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.examples import MixtureExamples, RemixExamples
from separate_cli.specs.train import TrainSpec
from separate_cli.stages.parts import blaming, check_precision, leaving_nothing, make_model, make_optimizer_for
from separate_cli.stages.provenance import provenance_of, resolved
from separate_cli.stages.together import together

__all__ = ["assemble", "make_model", "run", "train_together"]

MODEL = "model.safetensors"


@leaving_nothing
def run(spec: TrainSpec, context: StageContext) -> None:
    """Train until the epochs are over or patience is, going on where a killed attempt was.

    Raises:
        SpecError: If model, loss, optimizer or batch size cannot be made as asked, or do not fit each other.
        UsageError: If there are no such devices.
        OutputError: If the disk has no room.
        SepError: If training diverges.
    """
    device = choose_device(spec.device)
    check_precision(spec, device)
    write_json(context.folder / "environment.json", {**describe_surroundings(Path.cwd()), "seed": spec.seed})
    write_json(context.folder / "recipe.json", resolved(spec, context.inputs))
    with together(spec, context, device) as ranks:
        train_together(spec, context, ranks)


def train_together(spec: TrainSpec, context: StageContext, ranks: Ranks) -> None:
    """``run``, in every process that takes part; the leader writes.

    Raises:
        SepError: As ``run``.
    """
    device = choose_device(spec.device)
    corpus = Corpus.of("prepare", context.inputs)
    model = make_model(spec)
    parent = _begin_with(model, spec, context.inputs)
    system, batches, valid = assemble(model, spec, corpus, ranks=ranks)
    if not (context.folder / "resume.ckpt").exists():
        _rehearse(system, valid, spec)
        check_space(context.folder, _bytes_needed(model, spec), what="The training's saved states")
    options = spec.model_dump(include={field for field in Plan.__dataclass_fields__ if field != "device"})
    if not ranks.is_alone and spec.strategy == "auto" and _leaves_weights_out(system, valid):
        options["strategy"] = "ddp_find_unused_parameters_true"
    samples = [valid[index] for index in range(min(spec.samples, len(valid)))] if ranks.is_leader else []
    about = provenance_of(spec, corpus, context.inputs)
    about["parents"] |= parent
    result = _Result(model, context.folder, about)
    with ranks.meeting(device.type):
        outcome = fit(
            system,
            context.folder,
            batches=batches,
            plan=Plan(device=device, **options),
            ranks=ranks,
            samples=samples,
            on_better=result.keep,
            progress=context.progress,
        )
    if ranks.is_leader:
        result.conclude(outcome, keep_best=spec.keep_best)
        write_samples(model, samples, context.folder / "samples")


def _begin_with(model: Separator, spec: TrainSpec, inputs: Mapping[str, Path]) -> dict[str, str]:
    """Load the weights that the training begins with, if it does not begin anew; what they are and their hash."""
    if spec.start_from is None and spec.checkpoint is None:
        return {}
    path = inputs[spec.start_from or "checkpoint"]
    path = path / MODEL if path.is_dir() else path
    loaded = load_model(path)
    try:
        model.load_state_dict(loaded.model.state_dict())
    except RuntimeError as error:
        field = "start_from" if spec.start_from else "checkpoint"
        reason = " ".join(str(error).split())
        raise SpecError(
            f"train.{field}: {path} does not fit the model: {reason}",
            hint="Set train.model to the model that is in it; sep model show tells which.",
        ) from error
    return {path.name: hash_file(path)}


def assemble(
    model: Separator, spec: TrainSpec, corpus: Corpus, *, ranks: Ranks = ALONE
) -> tuple[System, EpochBatches, Examples]:
    """Everything that trains ``model``, made from its spec: the system, its batches, the validation examples.

    Raises:
        SpecError: If a part cannot be made as asked.
        InputError: If the corpus has nothing to train or validate on.
    """
    with blaming("train.loss"):
        objective = make_objective(spec.objective, Objective(spec.loss))
    optimizer = make_optimizer_for(model.parameters(), spec, choose_device(spec.device))
    train, valid = (make_examples(spec.examples, corpus, part=part, seed=spec.seed) for part in ("train", "valid"))
    with blaming("train.batch_size"):
        batches = EpochBatches(len(train), spec.batch_size, seed=spec.seed)
        share = batches if ranks.is_alone else Share(batches, ranks)
    with blaming("train.examples.valid_examples"):
        to_validate = (
            EpochBatches(len(valid), spec.batch_size, seed=spec.seed, shuffle=False, drop_last=False)
            if ranks.is_alone
            else ValidationShare(len(valid), spec.batch_size, ranks)
        )
    if isinstance(objective, Guided):
        with blaming("train.objective"):
            objective.check(model)
            objective.begin(model, cast(Any, train))
    steps = -(-batches.per_epoch // spec.accumulate_batches)
    make_system = GuidedSystem if isinstance(objective, Guided) else System
    system = make_system(
        model,
        optimizer,
        objective,
        make_loader(train, share, workers=spec.workers, ranks=ranks),
        make_loader(valid, to_validate, workers=spec.workers, ranks=ranks),
        make_schedules(spec.schedule, optimizer, total_steps=steps * spec.epochs, steps_per_epoch=steps),
        config=spec.model_dump(mode="json"),
    )
    return system, batches, valid


class _Result:
    """The files that a training leaves behind."""

    def __init__(self, model: Separator, folder: Path, about: dict[str, Any]) -> None:
        self.model, self.folder, self.about = model, folder, about

    def keep(self, loss: float, epoch: int) -> None:
        """Write the model as it is now, the best so far."""
        headline = {"val_loss": loss, "epoch": epoch}
        self._save(MODEL, headline)
        write_json(self.folder / "metrics.json", {"headline": headline})

    def conclude(self, outcome: Outcome, *, keep_best: int) -> None:
        """Write the model in the end, and beside it those of the best epochs if several are wanted."""
        headline = {"val_loss": outcome.best_loss, "epoch": outcome.best_epoch}
        averaged = {"averaged_epochs": list(outcome.averaged)} if outcome.averaged else {}
        self._save(MODEL, {**headline, **averaged})
        counts = {"epochs": outcome.epochs, "steps": outcome.steps}
        write_json(self.folder / "metrics.json", {"headline": headline, **counts, **averaged})
        if keep_best < 2:
            return
        final = {name: value.detach().clone() for name, value in self.model.state_dict().items()}
        for one in outcome.kept[:keep_best]:
            self.model.load_state_dict(one.weights)
            self._save(f"best/epoch-{one.epoch:04}.safetensors", {"val_loss": one.loss, "epoch": one.epoch})
        self.model.load_state_dict(final)

    def _save(self, name: str, metrics: dict[str, Any]) -> None:
        save_checkpoint(self.model, self.folder / name, metrics=metrics, **self.about)


def _rehearse(system: System, examples: Examples, spec: TrainSpec) -> None:
    """Take one example through model and loss: what does not fit shows before hours have passed.

    Raises:
        SpecError: If it does not fit.
    """
    batch = default_collate([examples[0]])
    n_estimates, n_references = system.model.n_sources, batch[1].shape[1]
    free = any("mixit" in (term.name or key).casefold() for key, term in spec.loss.items())
    if isinstance(spec.examples, MixtureExamples | RemixExamples) and n_estimates != n_references and not free:
        raise SpecError(
            f"train.model separates {n_estimates} source(s), train.examples have {n_references} reference(s).",
            hint="Set train.model.args.n_src and train.examples.n_src (or its targets) to the same.",
        )
    system.eval()
    with blaming("train"), explained(system.device, ALONE, spec.precision), torch.no_grad():
        system.common_step(batch, 0, train=False)
    system.train()


def _leaves_weights_out(system: System, examples: Examples) -> bool:
    """Whether a step has no gradient for some weight, which several devices would wait for."""
    system.eval()
    system.common_step(default_collate([examples[0]]), 0, train=False).backward()  # type: ignore[no-untyped-call]
    left = any(weight.requires_grad and weight.grad is None for weight in system.parameters())
    system.zero_grad()
    system.train()
    return left


def _bytes_needed(model: Separator, spec: TrainSpec) -> float:
    """About what the saved state takes, twice for the moment at which it is replaced, and the model's own files."""
    weights = sum(weight.numel() * weight.element_size() for weight in model.state_dict().values())
    averages = (spec.ema_decay is not None) + (spec.swa_from_epoch is not None)
    kept = max(spec.keep_best, spec.average_best or 1)
    return float(weights * (2 * (3 + averages + kept) + 2 + kept))
