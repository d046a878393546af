"""What a recipe calls the devices that train and score; whether they are there, only torch knows."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator

__all__ = ["DeviceName", "Strategy"]

Strategy = Literal["auto", "ddp", "ddp_find_unused_parameters_true", "ddp_static_graph"]
"""How several devices train, see ``engine.cluster``."""

_DEVICE = re.compile(r"auto|(cpu|cuda|mps|xla|xpu|hpu)(:\d+)?")
"""The first of each family stands without a number."""


def _device(name: str) -> str:
    if not _DEVICE.fullmatch(name):
        raise ValueError(f"expected auto, cpu, cuda, cuda:1, mps or xla, got {name!r}")
    return name


DeviceName = Annotated[str, AfterValidator(_device)]
