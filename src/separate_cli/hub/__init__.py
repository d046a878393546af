"""Model references, checkpoints, export, bundled weights."""

from separate_cli.hub.checkpoint import read_header, save_checkpoint
from separate_cli.hub.header import Dataset, Header
from separate_cli.hub.loading import LoadedModel, from_pretrained, load_model
from separate_cli.hub.references import bundled

__all__ = [
    "Dataset",
    "Header",
    "LoadedModel",
    "bundled",
    "from_pretrained",
    "load_model",
    "read_header",
    "save_checkpoint",
]
