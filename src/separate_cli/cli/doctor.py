"""``sep doctor``: what this installation can do, and what is wrong with it."""

from __future__ import annotations

import typer

from separate_cli.cli.command import command

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    command(app, "doctor", epilog="Example: sep doctor --json")(doctor)


def doctor() -> None:
    """Say what is installed, which devices there are, and what is broken."""
    from dataclasses import asdict

    from separate_cli.errors import PartialFailure
    from separate_cli.report.console import out
    from separate_cli.stages.doctor import examine

    findings = list(examine())
    out.table(("", "state", ""), [(f.subject, f.state, f.text) for f in findings])
    out.result({"findings": [asdict(finding) for finding in findings]})
    broken = [finding.subject for finding in findings if finding.state == "broken"]
    if broken:
        raise PartialFailure(f"Broken: {', '.join(broken)}.", hint="Reinstall with: pip install --force-reinstall .")
