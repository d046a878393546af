"""The gate for those who may only use what allows it: ``sep infer --require-licence commercial``."""

from __future__ import annotations

from separate_cli.errors import RefusedError
from separate_cli.hub.header import Header
from separate_cli.hub.licences import commercial_use

__all__ = ["require_commercial_use"]


def require_commercial_use(header: Header, *, name: str) -> None:
    """Let a model pass if its licence and those of its data sets allow commercial use; what is not known does not pass.

    Args:
        header: What the model says about itself.
        name: What it is called.

    Raises:
        RefusedError: If they do not; the message says which, and why.
    """
    is_allowed, reasons = commercial_use(header)
    if not is_allowed:
        raise RefusedError(
            f"{name} may not be used commercially: {' '.join(reasons)}",
            hint="Find one that may: sep search-hub --commercial. Or leave out --require-licence.",
        )
