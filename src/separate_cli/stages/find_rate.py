"""At which learning rate does the loss fall fastest? ``sep train --find-lr``.

spec, corpus --a higher rate at each step--> curve.csv, curve.png, metrics.json (the suggestion)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from separate_cli.data.corpus import Corpus
from separate_cli.data.sampling import EpochBatches
from separate_cli.engine.ranks import ALONE
from separate_cli.engine.system import System
from separate_cli.engine.trials import Loop, find_rate, smoothed, suggestion
from separate_cli.engine.troubles import explained
from separate_cli.errors import SepError
from separate_cli.files import atomic_path, write_json, write_text
from separate_cli.inference.device import choose_device
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.trials import FindRateSpec
from separate_cli.stages.parts import leaving_nothing, make_model
from separate_cli.stages.train import assemble

__all__ = ["run"]


@leaving_nothing
def run(spec: FindRateSpec, context: StageContext) -> None:
    """Train at rates that climb, and suggest one.

    Raises:
        SpecError: If model, loss, optimizer or batch size cannot be made as asked.
        SepError: If the loss never falls, or memory runs out.
    """
    device = choose_device(spec.train.device)
    model = make_model(spec.train)
    system, batches, _ = assemble(model, spec.train, Corpus.of("prepare", context.inputs))
    loop = Loop(system, device, precision=spec.train.precision, clip_norm=spec.train.clip_norm)
    course: list[tuple[float, float]] = []
    limits = spec.model_dump(include={"lowest", "highest", "steps"})
    task = context.progress.task("Raising the rate", total=spec.steps, unit="steps")
    with explained(device, ALONE, spec.train.precision), task as bar:
        for rate, loss in find_rate(loop, _endless(system, batches), **limits):
            course.append((rate, loss))
            bar.advance()
            context.progress.tell("step", rate=rate, loss=loss)
    rates, losses = zip(*course, strict=True) if course else ((), ())
    found = suggestion(rates, losses)
    if found is None:
        raise SepError(
            "The loss falls at no learning rate.",
            hint="See whether the model can learn at all: sep train --overfit 1",
        )
    even = smoothed(losses)
    rows = [f"{rate:.6g},{loss:.6g},{value:.6g}\n" for rate, loss, value in zip(rates, losses, even, strict=True)]
    write_text(context.folder / "curve.csv", "".join(["rate,loss,smoothed\n", *rows]))
    _draw(context.folder / "curve.png", rates, losses, found)
    write_json(context.folder / "metrics.json", {"headline": {"lr": float(f"{found:.2g}")}})


def _endless(system: System, batches: EpochBatches) -> Iterator[Any]:
    """Batches of one epoch after the other."""
    while True:
        yield from system.train_loader
        batches.epoch += 1


def _draw(path: Path, rates: Sequence[float], losses: Sequence[float], found: float) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.semilogx(rates, losses, alpha=0.3, label="loss")
    axes.semilogx(rates, smoothed(losses), label="smoothed")
    axes.axvline(found, linestyle="--", label=f"suggestion: {found:.2g}")
    axes.set(xlabel="learning rate", ylabel="loss")
    axes.grid(alpha=0.3)
    axes.legend()
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=120)
