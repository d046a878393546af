"""Parts of mask networks: ``layers.get("TDConvNet")``, ``norms.get("gLN")``, ``activations.get("relu")``."""

from separate_cli.layers import activations, norms, recurrent
from separate_cli.layers.catalogue import available, get

__all__ = ["activations", "available", "get", "norms", "recurrent"]
