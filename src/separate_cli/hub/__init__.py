"""Model references, checkpoints, export, bundled weights, search.

The names load when they are first used: a search needs no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from separate_cli.lazy import names_of

if TYPE_CHECKING:
    from separate_cli.hub.checkpoint import read_header as read_header
    from separate_cli.hub.checkpoint import save_checkpoint as save_checkpoint
    from separate_cli.hub.header import Dataset as Dataset
    from separate_cli.hub.header import Header as Header
    from separate_cli.hub.listing import Listing as Listing
    from separate_cli.hub.loading import LoadedModel as LoadedModel
    from separate_cli.hub.loading import from_pretrained as from_pretrained
    from separate_cli.hub.loading import load_model as load_model
    from separate_cli.hub.references import bundled as bundled
    from separate_cli.hub.searching import Findings as Findings
    from separate_cli.hub.searching import search as search

_WHERE: dict[str, str] = {
    "Dataset": "header",
    "Findings": "searching",
    "Header": "header",
    "Listing": "listing",
    "LoadedModel": "loading",
    "bundled": "references",
    "from_pretrained": "loading",
    "load_model": "loading",
    "read_header": "checkpoint",
    "save_checkpoint": "checkpoint",
    "search": "searching",
}

__all__ = list(_WHERE)
__getattr__, __dir__ = names_of(__name__, _WHERE)
