"""Several processes train one model: who is who, where they meet, and what they agree on.

    one machine   sep train --devices 2            the leader starts the others, see ``launching``
    torchrun      torchrun --no-python ... sep train     all are started for us
    SLURM         srun sep train                         all are started for us

Rank 0, the leader, carries out the whole command. The others, the followers, know nothing of recipes and plans: they
wait at a small store on the network for what the leader calls them to do, and do it together with it.

    leader    --call(message)--> store --calls()--> follower
              meeting: a process group of all, for one call
              dismiss --> followers end

Checked: tests/engine/test_ranks.py (environments, calls), tests/engine/test_many.py (two processes).
"""

from __future__ import annotations

import functools
import json
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from separate_cli.errors import UsageError

__all__ = ["ALONE", "Ranks"]

_WAIT = timedelta(days=30)
"""The leader may have to prepare a corpus first."""
_PORTS = range(15_000, 31_000)
"""Below those that operating systems hand out."""


@dataclass(frozen=True)
class Ranks:
    """This process among all that train one model.

    Args:
        rank: Number of this process; 0 leads.
        size: Number of processes.
        local_rank: Number of this process on its machine: its graphics card.
        local_size: Processes on each machine.
        address: Where the leader is.
        port: Of the store.
        is_served: Whether somebody else (torchrun's agent) keeps the store.
        attempt: Tells a restart by torchrun from the start before.
        call: The call that is being answered.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    local_size: int = 1
    address: str = "127.0.0.1"
    port: int = 0
    is_served: bool = False
    attempt: str = "0"
    call: int = 0

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Ranks:
        """What torchrun, or SLURM's ``srun``, says; alone where neither has started this process.

        Raises:
            UsageError: If SLURM has spread the tasks unevenly.

        >>> Ranks.of({"RANK": "1", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2"}).nodes
        2
        """
        if "RANK" in environment and "WORLD_SIZE" in environment:
            return cls(
                rank=int(environment["RANK"]),
                size=int(environment["WORLD_SIZE"]),
                local_rank=int(environment.get("LOCAL_RANK", environment["RANK"])),
                local_size=int(environment.get("LOCAL_WORLD_SIZE", environment["WORLD_SIZE"])),
                address=environment.get("MASTER_ADDR", "127.0.0.1"),
                port=int(environment.get("MASTER_PORT", _PORTS.start)),
                is_served=environment.get("TORCHELASTIC_USE_AGENT_STORE") == "True",
                attempt=environment.get("TORCHELASTIC_RESTART_COUNT", "0"),
            )
        if int(environment.get("SLURM_STEP_NUM_TASKS", "1")) > 1 and "SLURM_PROCID" in environment:
            return cls._of_slurm(environment)
        return ALONE

    @classmethod
    def _of_slurm(cls, environment: Mapping[str, str]) -> Ranks:
        spread = _tasks_per_node(environment["SLURM_STEP_TASKS_PER_NODE"])
        if len(set(spread)) > 1:
            raise UsageError(
                f"SLURM has spread the tasks unevenly over the nodes: {', '.join(map(str, spread))}.",
                hint="Ask for --nodes and --ntasks-per-node in place of --ntasks.",
            )
        job = int(environment.get("SLURM_JOB_ID", "0")) + int(environment.get("SLURM_STEP_ID", "0"))
        return cls(
            rank=int(environment["SLURM_PROCID"]),
            size=int(environment["SLURM_STEP_NUM_TASKS"]),
            local_rank=int(environment["SLURM_LOCALID"]),
            local_size=spread[0],
            address=environment.get("MASTER_ADDR") or _first_host(environment["SLURM_STEP_NODELIST"]),
            port=int(environment.get("MASTER_PORT") or _PORTS[job % len(_PORTS)]),
            attempt=environment.get("SLURM_RESTART_COUNT", "0"),
        )

    @property
    def is_leader(self) -> bool:
        """Whether this process carries out the command, writes files and talks to the user."""
        return self.rank == 0

    @property
    def is_alone(self) -> bool:
        """Whether there is no other process."""
        return self.size == 1

    @property
    def nodes(self) -> int:
        """Number of machines."""
        return self.size // self.local_size

    def environment(self) -> dict[str, str]:
        """What ``of`` reads, for a process to be started."""
        return {
            "RANK": str(self.rank),
            "WORLD_SIZE": str(self.size),
            "LOCAL_RANK": str(self.local_rank),
            "LOCAL_WORLD_SIZE": str(self.local_size),
            "MASTER_ADDR": self.address,
            "MASTER_PORT": str(self.port),
        }

    def summon(self, message: Mapping[str, Any]) -> Ranks:
        """Call the followers to something (leader only); this process as it takes part."""
        number = int(_store(self).add("calls", 1))
        _store(self).set(f"call/{number}", json.dumps(message))
        return replace(self, call=number)

    def dismiss(self) -> None:
        """Send the followers home (leader only); does nothing if there are none."""
        if not self.is_alone:
            self.summon({})

    def calls(self) -> Iterator[tuple[Ranks, dict[str, Any]]]:
        """What the leader calls for, until it dismisses (followers only): this process as it takes part, message."""
        number = 1
        while message := json.loads(_store(self).get(f"call/{number}")):
            yield replace(self, call=number), message
            number += 1

    def report(self, failure: Mapping[str, str]) -> None:
        """Tell the leader why this process cannot go on."""
        _store(self).set(f"failure/{self.call}", json.dumps(failure))

    def reported(self) -> dict[str, str]:
        """What a follower has reported; empty if nothing came within two seconds."""
        store, key, deadline = _store(self), f"failure/{self.call}", time.monotonic() + 2
        try:
            while not store.check([key]):  # waiting for a key in vain, torch would print why
                if time.monotonic() > deadline:
                    return {}
                time.sleep(0.05)
            found: dict[str, str] = json.loads(store.get(key))
        except RuntimeError:  # DistStoreError is one
            return {}
        return found

    @contextmanager
    def meeting(self, device_type: str) -> Iterator[None]:
        """For a while, a process group of all; does nothing for a process alone."""
        if self.is_alone:
            yield
            return
        import torch
        from torch import distributed
        from torch.distributed import PrefixStore  # type: ignore[attr-defined]  # public, not in the stubs

        threads = torch.get_num_threads()
        if device_type == "cpu" and "OMP_NUM_THREADS" not in os.environ:
            torch.set_num_threads(max(1, threads // self.local_size))
        if device_type == "cuda":
            torch.cuda.set_device(self.local_rank)
        distributed.init_process_group(
            "cpu:gloo,cuda:nccl" if device_type == "cuda" else "gloo",
            store=PrefixStore(f"group/{self.call}", _store(self)),
            rank=self.rank,
            world_size=self.size,
        )
        try:
            yield
        finally:
            distributed.destroy_process_group()
            torch.set_num_threads(threads)

    def highest(self, number: int) -> int:
        """The highest of the numbers that all processes give here."""
        if self.is_alone:
            return number
        import torch
        from torch import distributed

        found = torch.tensor(number)
        distributed.all_reduce(found, op=distributed.ReduceOp.MAX)
        return int(found)


ALONE = Ranks()
"""One process trains."""


@functools.cache
def _store(ranks: Ranks) -> Any:
    """The store of these ranks; the leader keeps it, unless somebody else does."""
    if ranks.call:
        return _store(replace(ranks, call=0))
    from torch.distributed import PrefixStore, TCPStore  # type: ignore[attr-defined]  # public, not in the stubs

    keeps = ranks.is_leader and not ranks.is_served
    store = TCPStore(ranks.address, ranks.port, None, keeps, timeout=_WAIT, wait_for_workers=False, multi_tenant=True)
    return PrefixStore(f"sep/{ranks.attempt}", store)


def _tasks_per_node(text: str) -> list[int]:
    """``2(x3),1`` → 2, 2, 2, 1."""
    found: list[int] = []
    for count, times in re.findall(r"(\d+)(?:\(x(\d+)\))?", text):
        found += [int(count)] * int(times or 1)
    return found


def _first_host(nodes: str) -> str:
    """``node[03-05,9],other`` → node03."""
    prefix, bracket, rest = nodes.partition("[")
    if not bracket or "," in prefix:
        return nodes.partition(",")[0]
    inside, _, suffix = rest.partition("]")
    return prefix + re.split(r"[-,]", inside)[0] + suffix.partition(",")[0]
