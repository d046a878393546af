"""Saved states that cannot be used: two lines of ours, whatever torch makes of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from separate_cli.engine.fitting import Outcome
from separate_cli.engine.system import System
from separate_cli.errors import InputError

Toy = Callable[..., tuple[Outcome, System]]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"not a checkpoint", id="text"),
        pytest.param(b"", id="empty"),
        pytest.param(None, id="truncated"),
        pytest.param({"a": 1}, id="dictionary"),
        pytest.param([1, 2], id="list"),
        pytest.param({"state_dict": {}, "optimizer_states": [], "lr_schedulers": [], "callbacks": {}}, id="nowhere"),
    ],
)
def test_a_damaged_state_is_two_lines_that_say_what_is_left(toy: Toy, tmp_path: Path, content: Any) -> None:
    path = tmp_path / "resume.ckpt"
    if content is None:
        toy(tmp_path, epochs=1)
        path.write_bytes(path.read_bytes()[:-500])
    elif isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    with pytest.raises(InputError) as caught:
        toy(tmp_path)
    assert caught.value.message == f"{path} is damaged, or no saved state."
    assert caught.value.hint == "--fresh trains anew."
    (tmp_path / "model.safetensors").touch()
    with pytest.raises(InputError) as caught:
        toy(tmp_path)
    assert f"{tmp_path / 'model.safetensors'} holds the best weights so far: copy it" in caught.value.hint


def test_a_state_that_may_not_be_read_says_so(toy: Toy, tmp_path: Path) -> None:
    (tmp_path / "resume.ckpt").mkdir()
    with pytest.raises(InputError, match=r"resume\.ckpt cannot be read: Is a directory\.$"):
        toy(tmp_path)
