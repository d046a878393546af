"""``sep run``: all stages of a recipe, each of which resumes."""

from __future__ import annotations

from typing import Annotated

import typer

from separate_cli.cli.choices import (
    AcceptLicenceFlag,
    DryRunFlag,
    EventsOption,
    FreshFlag,
    MirrorOption,
    NameOption,
    RecipeArgument,
    RootOption,
    SetOption,
    WaitFlag,
    WithDataFlag,
)
from separate_cli.cli.command import command
from separate_cli.cli.machine import DevicesOption, NodesOption, StrategyOption, WorkersOption, on_machine
from separate_cli.cli.supplies import Supplies
from separate_cli.errors import UsageError

__all__ = ["register"]

UntilOption = Annotated[
    str | None, typer.Option("--until", metavar="STAGE", help="Run only this stage and those that it needs.")
]
FromOption = Annotated[
    str | None, typer.Option("--from", metavar="STAGE", help="With --fresh: redo only from this stage on.")
]


def register(app: typer.Typer) -> None:
    """Add ``sep run``."""
    command(app, "run")(run)


def run(
    recipe: RecipeArgument,
    *,
    overrides: SetOption = None,
    until: UntilOption = None,
    fresh: FreshFlag = False,
    first: FromOption = None,
    devices: DevicesOption = None,
    num_nodes: NodesOption = None,
    strategy: StrategyOption = None,
    workers: WorkersOption = None,
    dry_run: DryRunFlag = False,
    wait: WaitFlag = False,
    name: NameOption = None,
    events: EventsOption = None,
    with_data: WithDataFlag = False,
    mirror: MirrorOption = None,
    accept_licence: AcceptLicenceFlag = False,
    root: RootOption = None,
) -> None:
    """Run all stages of a recipe. What is done is skipped, what was interrupted goes on.

    Example: sep run mini --with-data
    """
    from separate_cli.cli.carry_out import carry_out, closing_notes, stages_from
    from separate_cli.report.console import out
    from separate_cli.stages.follow import dismissing, follow, is_follower

    if is_follower():
        follow()
        return
    if first and not fresh:
        raise UsageError(
            "--from says where --fresh begins.",
            hint=f"Finished stages are skipped anyway; to redo them: --fresh --from {first}",
        )
    changes = on_machine(recipe, overrides, devices=devices, num_nodes=num_nodes, strategy=strategy, workers=workers)
    redo = stages_from(recipe, changes, first) if first else fresh
    out.send_events(events)
    with dismissing():
        records = carry_out(
            recipe,
            changes,
            root=root,
            name=name,
            until=until,
            fresh=redo,
            dry_run=dry_run,
            wait=wait,
            supplies=Supplies(with_data, mirror, accept_licence),
        )
    if records is None:
        return
    if not records:
        out.note("Nothing to do: the recipe has no stages.")
        return
    if not any(record.ran for record in records.values()):
        out.note("Nothing to do: every stage is done.")
    for text in closing_notes(records):
        out.note(text)
    out.line(str(list(records.values())[-1].folder))
