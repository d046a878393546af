"""Can the model learn a few batches by heart? ``sep train --overfit 1``.

spec, corpus --the same batches again and again--> curve.csv, metrics.json (learned or not)
"""

from __future__ import annotations

import itertools

from separate_cli.data.corpus import Corpus
from separate_cli.engine.ranks import ALONE
from separate_cli.engine.trials import Loop, Verdict, overfit
from separate_cli.engine.troubles import explained
from separate_cli.files import write_json, write_text
from separate_cli.inference.device import choose_device
from separate_cli.pipeline.stage import StageContext
from separate_cli.progress import Progress
from separate_cli.specs.trials import OverfitSpec
from separate_cli.stages.parts import leaving_nothing, make_model
from separate_cli.stages.train import assemble

__all__ = ["run"]

_TELL_EVERY_STEPS = 25


@leaving_nothing
def run(spec: OverfitSpec, context: StageContext) -> None:
    """Train on the same batches until their loss is low enough, or the steps run out.

    Raises:
        SpecError: If model, loss, optimizer or batch size cannot be made as asked.
        SepError: If memory runs out.
    """
    device = choose_device(spec.train.device)
    model = make_model(spec.train)
    system, _, _ = assemble(model, spec.train, Corpus.of("prepare", context.inputs))
    batches = list(itertools.islice(system.train_loader, spec.batches))
    loop = Loop(system, device, precision=spec.train.precision, clip_norm=spec.train.clip_norm)

    def goal_of(first: float) -> float:
        return min(0.0, first - spec.fall_db) if _is_in_db(spec) else spec.share * first

    task = context.progress.task("Learning by heart", total=spec.most_steps, unit="steps")
    with explained(device, ALONE, spec.train.precision), task as bar:
        for verdict in overfit(loop, batches, goal_of=goal_of, most_steps=spec.most_steps):
            bar.advance()
            _tell(verdict, context.progress)
    write_text(context.folder / "curve.csv", _table(verdict))
    headline = {"learned": float(verdict.learned), "first_loss": verdict.losses[0], "last_loss": verdict.losses[-1]}
    facts = {"steps": len(verdict.losses), "goal": verdict.goal, "untouched": list(verdict.untouched)}
    write_json(context.folder / "metrics.json", {"headline": headline, **facts})


def _is_in_db(spec: OverfitSpec) -> bool:
    """Whether the loss is, or holds, a ratio in dB, which has no floor at 0."""
    names = [f"{key} {term.name} {term.args}".casefold() for key, term in spec.train.loss.items()]
    return any("sdr" in name or "snr" in name for name in names)


def _tell(verdict: Verdict, progress: Progress) -> None:
    step = len(verdict.losses)
    if step == 1 or step % _TELL_EVERY_STEPS == 0 or verdict.learned:
        text = f"step {step}: loss {verdict.losses[-1]:.4g} (goal {verdict.goal:.4g})"
        progress.tell("step", text, step=step, loss=verdict.losses[-1], goal=verdict.goal)


def _table(verdict: Verdict) -> str:
    rows = [f"{step},{loss:.6g}\n" for step, loss in enumerate(verdict.losses, start=1)]
    return "".join(["step,loss\n", *rows])
