"""Training on Lightning: exact resume, the best weights, curves.

    system = System(model, optimizer, loss, train_loader, val_loader)
    Trainer(max_epochs=10).fit(system)                              # of lightning or pytorch_lightning
    fit(system, folder, batches=batches, plan=Plan(...))            # resumes exactly, keeps the best weights

The names load when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from separate_cli.lazy import names_of

if TYPE_CHECKING:
    from separate_cli.engine.averaging import EqualAverage as EqualAverage
    from separate_cli.engine.averaging import ExponentialAverage as ExponentialAverage
    from separate_cli.engine.fitting import Outcome as Outcome
    from separate_cli.engine.fitting import Plan as Plan
    from separate_cli.engine.fitting import fit as fit
    from separate_cli.engine.loading import make_loader as make_loader
    from separate_cli.engine.objective import Objective as Objective
    from separate_cli.engine.optimizers import make_optimizer as make_optimizer
    from separate_cli.engine.optimizers import register_optimizer as register_optimizer
    from separate_cli.engine.schedulers import BaseScheduler as BaseScheduler
    from separate_cli.engine.schedulers import CosineScheduler as CosineScheduler
    from separate_cli.engine.schedulers import DPTNetScheduler as DPTNetScheduler
    from separate_cli.engine.schedulers import NoamScheduler as NoamScheduler
    from separate_cli.engine.schedulers import WarmUp as WarmUp
    from separate_cli.engine.schedulers import make_schedules as make_schedules
    from separate_cli.engine.sinkpit_beta import SinkPITBetaScheduler as SinkPITBetaScheduler
    from separate_cli.engine.system import System as System

_WHERE: dict[str, str] = {
    "BaseScheduler": "schedulers",
    "CosineScheduler": "schedulers",
    "DPTNetScheduler": "schedulers",
    "EqualAverage": "averaging",
    "ExponentialAverage": "averaging",
    "NoamScheduler": "schedulers",
    "Objective": "objective",
    "Outcome": "fitting",
    "Plan": "fitting",
    "SinkPITBetaScheduler": "sinkpit_beta",
    "System": "system",
    "WarmUp": "schedulers",
    "fit": "fitting",
    "make_loader": "loading",
    "make_optimizer": "optimizers",
    "make_schedules": "schedulers",
    "register_optimizer": "optimizers",
}
"""Name → the file that gives it."""

__all__ = [*_WHERE]  # noqa: PLE0604  the table is the list
__getattr__, __dir__ = names_of(__name__, _WHERE)
