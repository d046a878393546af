"""What became of a publication, for all hubs alike."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Published"]


@dataclass(frozen=True)
class Published:
    """A published model, as the hub itself describes it afterwards.

    Args:
        reference: What to give to ``sep infer``; always this version.
        latest: What always means the newest version.
        url: Its page.
        doi: Its DOI; empty where the hub gives none.
        communities: Communities that accepted it.
        pending: Communities that did not, or not yet.
        already: Whether it was published before this call.
        warnings: What was not as it should be, a sentence each.
    """

    reference: str
    latest: str
    url: str
    doi: str = ""
    communities: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    already: bool = False
    warnings: tuple[str, ...] = ()
