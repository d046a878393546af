"""Lightning has two names, ``lightning.pytorch`` and ``pytorch_lightning``, which accept only their own modules.

Whichever a program has loaded before us is the one whose ``Trainer`` it will give our ``System`` to.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING or "pytorch_lightning" not in sys.modules or "lightning.pytorch" in sys.modules:
    import lightning.pytorch as pl
    from lightning.fabric.plugins.environments.cluster_environment import ClusterEnvironment
    from lightning.pytorch.plugins.io import TorchCheckpointIO
    from lightning.pytorch.plugins.precision import MixedPrecision
    from lightning.pytorch.strategies import DDPStrategy
else:
    import pytorch_lightning as pl
    from lightning_fabric.plugins.environments.cluster_environment import ClusterEnvironment
    from pytorch_lightning.plugins.io import TorchCheckpointIO
    from pytorch_lightning.plugins.precision import MixedPrecision
    from pytorch_lightning.strategies import DDPStrategy

__all__ = ["ClusterEnvironment", "DDPStrategy", "MixedPrecision", "TorchCheckpointIO", "pl"]
