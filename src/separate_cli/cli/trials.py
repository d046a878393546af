"""``sep train --overfit`` and ``--find-lr``: a trial in the place of the training, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from separate_cli.errors import PartialFailure

if TYPE_CHECKING:
    from separate_cli.pipeline.record import Record
    from separate_cli.pipeline.stage import Stage
    from separate_cli.specs.base import StageSpec

__all__ = ["try_overfit", "try_rates"]

CarryOut = Callable[..., "Mapping[str, Record] | None"]
_ROWS = 20


def try_overfit(carry_out: CarryOut, batches: int, *, fresh: bool) -> None:
    """Say whether the model learns ``batches`` batches by heart.

    Raises:
        PartialFailure: If it does not.
    """
    from separate_cli.report.console import out
    from separate_cli.specs.trials import OverfitSpec

    trial = _Trial("overfit", "overfit", lambda training: OverfitSpec(train=training, batches=batches))
    found = trial.run(carry_out, fresh=fresh)
    if found is None:
        return
    folder, facts = found
    out.result({"folder": str(folder), **facts})
    score = facts["headline"]
    course = f"{score['first_loss']:.4g} to {score['last_loss']:.4g} in {facts['steps']} steps"
    out.line(f"{'success' if score['learned'] else 'failure'}\tloss {course}, goal {facts['goal']:.4g}")
    if not score["learned"]:
        lost = f" No gradient reaches {', '.join(facts['untouched'][:3])}." if facts["untouched"] else ""
        raise PartialFailure(
            f"The model does not learn {batches} batch(es) by heart: loss {course}, goal {facts['goal']:.4g}.{lost}",
            hint="Look at the loss, the learning rate (--find-lr), and whether references belong to their mixtures.",
        )


def try_rates(carry_out: CarryOut, *, fresh: bool) -> None:
    """Show how the loss fell as the learning rate climbed, and suggest one."""
    from separate_cli.report.console import out
    from separate_cli.specs.trials import FindRateSpec

    found = _Trial("find-lr", "find_rate", lambda training: FindRateSpec(train=training)).run(carry_out, fresh=fresh)
    if found is None:
        return
    folder, facts = found
    titles, *rows = [line.split(",") for line in (folder / "curve.csv").read_text(encoding="utf-8").splitlines()]
    rate = facts["headline"]["lr"]
    curve = [[float(cell) for cell in row] for row in rows]
    out.result({"folder": str(folder), "suggestion": rate, "curve": curve})
    out.table(titles, rows[:: max(1, len(rows) // _ROWS)])
    out.line(f"train.optimizer.lr={rate:g}")
    out.note(f"The curve: {folder / 'curve.png'}")


@dataclass(frozen=True)
class _Trial:
    """What a trial is called, its file in ``stages``, and its spec for the spec of a training."""

    name: str
    verb: str
    spec_for: Callable[[Any], StageSpec]

    def run(self, carry_out: CarryOut, *, fresh: bool) -> tuple[Path, dict[str, Any]] | None:
        """The folder of the result, and what is in its ``metrics.json``; None after a dry run."""
        redo = {self.name} if fresh else False
        records = carry_out(until=self.name, fresh=redo, change=self._in_place)
        if records is None:
            return None
        folder = records[self.name].folder
        return folder, json.loads((folder / "metrics.json").read_text(encoding="utf-8"))

    def _in_place(self, stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
        from separate_cli.stages.assemble import with_trial

        training = next(stage.spec for stage in stages if stage.name == "train")
        return with_trial(stages, name=self.name, verb=self.verb, spec=self.spec_for(training))
