"""A stage on several devices: this process leads, followers take part in this stage only.

    leader --plan, lock, prepare--> train --together: message--> followers: train with the same spec in the same folder

Followers are started by the leader on this machine (``python -m separate_cli.stages.follow``), or by torchrun or srun.

Checked: tests/stages/test_together.py.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from separate_cli.engine.launching import followers
from separate_cli.engine.ranks import ALONE, Ranks
from separate_cli.errors import UsageError
from separate_cli.pipeline.stage import StageContext
from separate_cli.pipeline.worker import sheltered
from separate_cli.specs.train import TrainSpec

if TYPE_CHECKING:
    import torch

__all__ = ["together"]

_COMMAND = (sys.executable, "-m", "separate_cli.stages.follow")


@contextmanager
def together(spec: TrainSpec, context: StageContext, device: torch.device) -> Iterator[Ranks]:
    """The processes that train by ``spec``, called to it; this process leads.

    Raises:
        UsageError: If there are not as many devices, or torchrun or SLURM has started another number of processes.
    """
    around = Ranks.of(os.environ)
    size = _devices(spec, device) if around.is_alone else _agreed(spec, around)
    message = {
        "spec": spec.model_dump(mode="json"),
        "folder": str(context.folder),
        "inputs": {name: str(path) for name, path in context.inputs.items()},
    }
    if not around.is_alone:
        yield around.summon(message)
    elif size == 1:
        yield ALONE
    else:
        with ExitStack() as stack:
            with sheltered():  # this process answers for all
                leader = stack.enter_context(followers(size, _COMMAND))
            yield leader.summon(message)


def _devices(spec: TrainSpec, device: torch.device) -> int:
    """How many devices of this machine are wanted."""
    import torch

    if spec.num_nodes > 1:
        raise UsageError(
            f"{spec.num_nodes} machines are asked for, and this process was started alone.",
            hint="Start one process a device: with srun under SLURM, else with torchrun --no-python ... sep train ...",
        )
    there = torch.cuda.device_count() if device.type == "cuda" else 1
    wanted = there if spec.devices == "auto" else spec.devices
    if wanted > 1 and str(device) not in {"cpu", "cuda"}:
        raise UsageError(f"{wanted} devices are asked for, and {device} is one.", hint="Use --set train.device=cuda.")
    if device.type == "cuda" and wanted > there:
        raise UsageError(f"{wanted} devices are asked for; there are {there}.", hint=f"Use --devices {there}.")
    return wanted


def _agreed(spec: TrainSpec, around: Ranks) -> int:
    """The processes that were started, if the spec does not ask for others."""
    for field, wanted, there in (
        ("devices", spec.devices, around.local_size),
        ("num_nodes", spec.num_nodes, around.nodes),
    ):
        if wanted not in {1, "auto", there}:
            raise UsageError(
                f"train.{field} is {wanted}; torchrun or SLURM has started for {there}.",
                hint=f"Leave --{field.replace('_', '-')} out: what was started counts.",
            )
    return around.size
