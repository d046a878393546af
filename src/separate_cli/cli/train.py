"""``sep train``: train a recipe's model, or try first whether and how fast it learns."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from separate_cli.cli.choices import (
    AcceptLicenceFlag,
    DryRunFlag,
    EventsOption,
    FreshFlag,
    MirrorOption,
    NameOption,
    RecipeOption,
    RootOption,
    SetOption,
    WaitFlag,
    WithDataFlag,
)
from separate_cli.cli.command import command
from separate_cli.cli.machine import DevicesOption, NodesOption, StrategyOption, WorkersOption, on_machine
from separate_cli.cli.supplies import Supplies
from separate_cli.errors import UsageError

if TYPE_CHECKING:
    from separate_cli.pipeline.record import Record

__all__ = ["register"]

_TRIALS = "Trials"
OverfitOption = Annotated[
    int | None,
    typer.Option(
        "--overfit",
        metavar="N",
        min=1,
        help="Can the model learn N batches by heart? If not, something is wrong.",
        rich_help_panel=_TRIALS,
    ),
]
FindRateFlag = Annotated[
    bool, typer.Option("--find-lr", help="Suggest a learning rate, from a short climb.", rich_help_panel=_TRIALS)
]


def register(app: typer.Typer) -> None:
    """Add ``sep train``."""
    command(app, "train")(train)


def train(
    *,
    recipe: RecipeOption,
    overrides: SetOption = None,
    devices: DevicesOption = None,
    num_nodes: NodesOption = None,
    strategy: StrategyOption = None,
    workers: WorkersOption = None,
    overfit: OverfitOption = None,
    find_lr: FindRateFlag = False,
    events: EventsOption = None,
    fresh: FreshFlag = False,
    dry_run: DryRunFlag = False,
    wait: WaitFlag = False,
    name: NameOption = None,
    with_data: WithDataFlag = False,
    mirror: MirrorOption = None,
    accept_licence: AcceptLicenceFlag = False,
    root: RootOption = None,
) -> None:
    """Train the recipe's model, going on where the last run stopped. Prepares the corpus first if it has to be.

    Example: sep train --recipe demask --set train.epochs=100
    """
    from separate_cli.cli.carry_out import carry_out
    from separate_cli.cli.trials import try_overfit, try_rates
    from separate_cli.report.console import out
    from separate_cli.stages.follow import dismissing, follow, is_follower

    if is_follower():
        follow()
        return
    if overfit and find_lr:
        raise UsageError("--overfit and --find-lr are two trials.", hint="Use one, then the other.")
    out.send_events(events)
    changes = on_machine(recipe, overrides, devices=devices, num_nodes=num_nodes, strategy=strategy, workers=workers)
    supplies = Supplies(with_data, mirror, accept_licence)
    carry = partial(carry_out, recipe, changes, root=root, name=name, dry_run=dry_run, wait=wait, supplies=supplies)
    with dismissing():
        if overfit:
            try_overfit(carry, overfit, fresh=fresh)
        elif find_lr:
            try_rates(carry, fresh=fresh)
        else:
            _train(carry, fresh=fresh)


def _train(carry: Callable[..., dict[str, Record] | None], *, fresh: bool) -> None:
    from separate_cli.cli.carry_out import closing_notes
    from separate_cli.report.console import out

    records = carry(until="train", fresh={"train"} if fresh else False)
    if records is None:
        return
    for text in closing_notes(records):
        out.note(text)
    out.line(str(records["train"].folder))
