"""What the tests of block-wise inference share."""

from __future__ import annotations

import pytest

from separate_cli.layers import blocks, dual_path


@pytest.fixture
def tiny_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 16 frames and groups of 3 sequences, so that short signals have several."""
    monkeypatch.setattr(blocks, "_BLOCK_NUMBERS", 1)
    monkeypatch.setattr(blocks, "_SHORTEST_BLOCK", 17)
    monkeypatch.setattr(dual_path, "_GROUP_NUMBERS", 1)
    monkeypatch.setattr(dual_path, "_SMALLEST_GROUP", 3)
