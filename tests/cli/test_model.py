"""``sep model``: what its commands print, write and refuse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from separate_cli.hub import save_checkpoint
from separate_cli.models.demask import DeMask


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    torch.manual_seed(0)
    model = DeMask(hidden_dims=[8], n_filters=16, kernel_size=16, stride=8)
    save_checkpoint(model, tmp_path / "tiny.safetensors", title="tiny", licence="MIT")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "tiny.safetensors"


def test_show_tells_the_header(sep: Any, tiny: Path) -> None:
    shown = sep("model", "show", tiny, "--json").document["result"]
    assert shown["model_name"] == "DeMask"
    assert shown["licence"] == "MIT"


def test_check_lists_what_is_not_sound(sep: Any, tiny: Path) -> None:
    broken = tiny.with_name("broken.safetensors")
    broken.write_bytes(tiny.read_bytes()[:-10])
    outcome = sep("model", "check", tiny, broken, "--json")
    assert outcome.code == 1
    assert [row["ok"] for row in outcome.document["result"]["checked"]] == [True, False]


def test_export_names_the_file_after_the_model_and_says_how_close_it_is(sep: Any, tiny: Path) -> None:
    outcome = sep("model", "export", tiny, "--format", "torchscript", "--json")
    assert outcome.code == 0, outcome.stderr
    done = outcome.document["result"]
    assert done["path"] == "tiny.pt"
    assert done["relative_error"] <= 1e-5
    assert len(done["checked_shapes"]) == 3
    assert Path("tiny.pt").stat().st_size == done["bytes"]


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:FutureWarning")
def test_export_replaces_nothing_unasked(sep: Any, tiny: Path) -> None:
    target = tiny.with_name("mine.pt")
    target.write_text("precious")
    refused = sep("model", "export", tiny, "-f", "torchscript", "-o", target)
    assert refused.code == 3
    assert "--overwrite" in refused.stderr
    assert target.read_text() == "precious"
    assert sep("model", "export", tiny, "-f", "torchscript", "-o", target, "--overwrite").code == 0
    assert torch.jit.load(str(target))(torch.zeros(1, 1, 100)).shape == (1, 1, 100)


def test_export_refuses_an_old_operator_set(sep: Any, tiny: Path) -> None:
    pytest.importorskip("onnxruntime")
    outcome = sep("model", "export", tiny, "--opset", "16")
    assert outcome.code == 2
    assert "17 or more" in outcome.stderr
