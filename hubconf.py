"""Entry points for ``torch.hub``.

    model = torch.hub.load(REPOSITORY, "demask")                         # trained, comes with the package
    model = torch.hub.load(REPOSITORY, "conv_tasnet", "best_model.pth")  # trained, from a file
    model = torch.hub.load(REPOSITORY, "pretrained", "zenodo:3862942")   # trained, published: also user/repo, DOI, URL
    model = torch.hub.load(REPOSITORY, "conv_tasnet", n_src=2)           # new, random weights

Each takes a model reference first, as ``from_pretrained`` does, and constructor arguments by keyword.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

dependencies = ["torch", "numpy", "scipy", "pydantic", "safetensors", "requests", "pooch", "filelock", "platformdirs"]

sys.path.insert(0, str(Path(__file__).parent / "src"))  # torch.hub fetches the repository, it installs nothing

from separate_cli import Separator, from_pretrained, models  # noqa: E402


def _model(name: str, reference: str | None, **arguments: Any) -> Separator:
    cls = models.get(name)
    return cls(**arguments) if reference is None else cls.from_pretrained(reference, **arguments)


def pretrained(reference: str, **overrides: Any) -> Separator:
    """The trained model that ``reference`` means, of whichever class."""
    return from_pretrained(reference, **overrides)


def demask(reference: str = "demask", **arguments: Any) -> Separator:
    """DeMask, trained unless told otherwise."""
    return _model("DeMask", reference, **arguments)


def conv_tasnet(reference: str | None = None, **arguments: Any) -> Separator:
    """Conv-TasNet."""
    return _model("ConvTasNet", reference, **arguments)


def dprnn_tasnet(reference: str | None = None, **arguments: Any) -> Separator:
    """DPRNN."""
    return _model("DPRNNTasNet", reference, **arguments)


def dpt_net(reference: str | None = None, **arguments: Any) -> Separator:
    """DPTNet."""
    return _model("DPTNet", reference, **arguments)


def lstm_tasnet(reference: str | None = None, **arguments: Any) -> Separator:
    """LSTM-TasNet."""
    return _model("LSTMTasNet", reference, **arguments)


def sudormrf_net(reference: str | None = None, **arguments: Any) -> Separator:
    """SuDoRM-RF."""
    return _model("SuDORMRFNet", reference, **arguments)


def sudormrf_improved_net(reference: str | None = None, **arguments: Any) -> Separator:
    """Improved SuDoRM-RF."""
    return _model("SuDORMRFImprovedNet", reference, **arguments)


def dcunet(reference: str | None = None, **arguments: Any) -> Separator:
    """DCUNet."""
    return _model("DCUNet", reference, **arguments)


def dccrnet(reference: str | None = None, **arguments: Any) -> Separator:
    """DCCRNet."""
    return _model("DCCRNet", reference, **arguments)


def fasnet_tac(reference: str | None = None, **arguments: Any) -> Separator:
    """FaSNet with TAC, for any number of microphones."""
    return _model("FasNetTAC", reference, **arguments)


def xumx(reference: str | None = None, **arguments: Any) -> Separator:
    """X-UMX, for music."""
    return _model("XUMX", reference, **arguments)
