"""Real recordings, a full disk, a read-only disk."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from separate_cli.hub import save_checkpoint
from separate_cli.models.demask import DeMask

pytestmark = pytest.mark.acceptance


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    torch.manual_seed(0)
    save_checkpoint(DeMask(norm_type="cLN"), path)
    return path


def sep(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from separate_cli.cli.app import main; main()", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[Path]:
    """A small disk of its own; such a test needs the right to mount one."""
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def test_every_kind_of_real_recording_keeps_rate_length_and_channels(
    real_audio: Path, model: Path, tmp_path: Path
) -> None:
    folders = ["VCTK", "rirs", "mixtures/ami", "mixtures/multi-mic", "asterisk_prompts", "noise/tt"]
    done = sep("infer", model, *(real_audio / name for name in folders), "-o", tmp_path / "out", "--json")
    rows = json.loads(done.stdout)["result"]["files"]
    assert done.returncode == 0
    assert len(rows) > 50
    assert len({row["sample_rate"] for row in rows}) > 3
    for row in rows:
        before, after = soundfile.info(row["input"]), soundfile.info(row["outputs"][0])
        assert (after.frames, after.samplerate, after.channels) == (before.frames, before.samplerate, before.channels)


def test_a_full_disk_costs_only_what_does_not_fit(model: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name, seconds in {"a-long.wav": 60, "b-short.wav": 2}.items():
        (tmp_path / "in").mkdir(exist_ok=True)
        soundfile.write(tmp_path / "in" / name, rng.uniform(-0.2, 0.2, 16000 * seconds), 16000)
    for size in (500, 4500):  # the first is full while it waits, the second while the result is written
        with mounted(tmp_path / f"disk{size}", f"size={size}k") as disk:
            done = sep("infer", model, tmp_path / "in", "-o", disk)
            assert done.returncode == 1
            assert "the disk is full" in done.stderr
            assert "Traceback" not in done.stderr
            assert sorted(path.name for path in disk.iterdir()) == [".sep-infer.jsonl", "b-short_enhanced.wav"]
            assert soundfile.info(disk / "b-short_enhanced.wav").frames == 32000


def test_a_read_only_disk_is_two_clear_lines(model: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(100), 16000)
    with mounted(tmp_path / "disk", "size=500k,ro") as disk:
        done = sep("infer", model, tmp_path / "a.wav", "-o", disk / "out")
    assert done.returncode == 3
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["error", "hint"]
    assert "read-only" in done.stderr
