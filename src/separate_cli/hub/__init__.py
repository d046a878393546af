"""Model references, checkpoints, bundled weights."""

from separate_cli.hub.checkpoint import read_header, save_checkpoint
from separate_cli.hub.header import Dataset, Header
from separate_cli.hub.loading import LoadedModel, load_model
from separate_cli.hub.references import bundled

__all__ = ["Dataset", "Header", "LoadedModel", "bundled", "load_model", "read_header", "save_checkpoint"]
