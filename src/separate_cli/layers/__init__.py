"""Parts of mask networks. Each kind has a ``get`` by name: ``norms.get("gLN")``, ``activations.get("relu")``."""

from separate_cli.layers import activations, norms

__all__ = ["activations", "norms"]
