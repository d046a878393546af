from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def toy_sections(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The real sections and the real built-in recipes, in a current folder of its own."""
    monkeypatch.chdir(tmp_path)
