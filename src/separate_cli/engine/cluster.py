"""Our ranks as Lightning knows such things, so that it neither starts processes nor guesses who started them."""

from __future__ import annotations

from typing import Any

from separate_cli.engine.backend import ClusterEnvironment, DDPStrategy
from separate_cli.engine.ranks import Ranks
from separate_cli.errors import UsageError

__all__ = ["STRATEGIES", "many_devices"]

STRATEGIES: dict[str, dict[str, Any]] = {
    "auto": {},
    "ddp": {},
    "ddp_find_unused_parameters_true": {"find_unused_parameters": True},
    "ddp_static_graph": {"static_graph": True},
}
"""Name → arguments of torch's ``DistributedDataParallel``."""


def many_devices(ranks: Ranks, strategy: str) -> dict[str, Any]:
    """The trainer's arguments for training with other processes; nothing for a process alone.

    Raises:
        UsageError: If the strategy is unknown, or does not keep all weights on every device.
    """
    if strategy not in STRATEGIES:
        raise UsageError(
            f"Unknown strategy {strategy!r}: saved states and best weights need whole models on every device.",
            hint=f"Use one of: {', '.join(STRATEGIES)}.",
        )
    if ranks.is_alone:
        return {}
    ddp = DDPStrategy(cluster_environment=_Ranks(ranks), **STRATEGIES[strategy])
    return {"strategy": ddp, "devices": ranks.local_size, "num_nodes": ranks.nodes}


class _Ranks(ClusterEnvironment):
    """Whatever Lightning asks is answered from ``Ranks``."""

    def __init__(self, ranks: Ranks) -> None:
        super().__init__()
        self._ranks = ranks

    @property
    def creates_processes_externally(self) -> bool:
        return True

    @property
    def main_address(self) -> str:
        return self._ranks.address

    @property
    def main_port(self) -> int:
        return self._ranks.port

    @staticmethod
    def detect() -> bool:
        return True

    def world_size(self) -> int:
        return self._ranks.size

    def set_world_size(self, size: int) -> None:
        """It cannot be changed."""

    def global_rank(self) -> int:
        return self._ranks.rank

    def set_global_rank(self, rank: int) -> None:
        """It cannot be changed."""

    def local_rank(self) -> int:
        return self._ranks.local_rank

    def node_rank(self) -> int:
        return self._ranks.rank // self._ranks.local_size
