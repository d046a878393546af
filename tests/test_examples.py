"""The examples run as they are."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


def test_an_asteroid_file_becomes_onnx(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("onnxruntime")
    monkeypatch.setattr("tempfile.mkdtemp", lambda: str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["asteroid_to_onnx.py"])
    runpy.run_path(str(EXAMPLES / "asteroid_to_onnx.py"), run_name="__main__")
    assert "estimates (1, 2, 16000)" in capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} >= {"best_model.pth", "model.safetensors", "model.onnx"}
