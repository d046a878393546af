"""Data that a recipe needs: what is said when they are missing, and one command from archive to scores."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from corpora import mini_librimix

Sep = Callable

TINY = [
    "train.model.args={n_src: 2, n_filters: 16, bn_chan: 8, hid_chan: 8, skip_chan: 8, n_blocks: 1, n_repeats: 1}",
    "train.examples.segment_seconds=0.25",
    "train.batch_size=2",
    "train.epochs=1",
    "train.device=cpu",
    "train.workers=0",
    "train.samples=0",
    "train.tensorboard=false",
    "eval.device=cpu",
    "eval.workers=1",
    "eval.saved_examples=0",
    "eval.metrics=[si_sdr]",
    "prepare.executor=local:1",
]
SMALL = [word for override in TINY for word in ("--set", override)]


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an archive of MiniLibriMix's true layout, and an empty workspace."""
    mini_librimix.make(tmp_path / "made", train=4)
    (tmp_path / "mirror").mkdir()
    shutil.make_archive(str(tmp_path / "mirror" / "MiniLibriMix"), "zip", tmp_path / "made")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "mirror"


def test_one_command_goes_from_the_archive_to_an_evaluated_model(sep: Sep, mirror: Path) -> None:
    done = sep("run", "mini", "--mirror", mirror, *SMALL)
    assert done.code == 0
    folder = Path(done.stdout.splitlines()[-1])
    scores = json.loads((folder / "metrics.json").read_text())
    assert (scores["mixtures"], scores["failures"]) == (2, {})
    assert list(Path("data/MiniLibriMix/train/mix_clean").glob("*.wav"))
    assert not list(Path("data").rglob("*.zip"))
    again = sep("run", "mini", *SMALL)
    assert (again.code, again.stdout) == (0, done.stdout)
    assert "Nothing to do" in again.stderr


def test_missing_data_are_named_with_their_size_and_what_gets_them(sep: Sep, mirror: Path) -> None:
    for command in (["run", "mini"], ["train", "--recipe", "mini"], ["eval", "--recipe", "mini"]):
        refused = sep(*command)
        assert refused.code == 3
        assert "MiniLibriMix, 640 MB to download, 960 MB unpacked" in refused.stderr
        assert "--with-data" in refused.stderr and "sep data download minilibrimix" in refused.stderr
    assert list(Path.cwd().iterdir()) == []


def test_what_nobody_may_download_is_told_how_to_get_and_stops_the_rest(sep: Sep, mirror: Path) -> None:
    refused = sep("train", "--recipe", "wham")
    assert refused.code == 3
    assert "WSJ0 (LDC93S6A), which nobody may download; WHAM! scripts" in refused.stderr
    assert "https://catalog.ldc.upenn.edu/LDC93S6A" in refused.stderr
    stopped = sep("train", "--recipe", "wham", "--mirror", mirror)
    assert stopped.code == 5 and "Buy LDC93S6A" in stopped.stderr
    assert not Path("data/wham_scripts").exists()


def test_a_dry_run_only_tells_what_it_would_get(sep: Sep, mirror: Path) -> None:
    told = sep("run", "mini", "--mirror", mirror, "--dry-run")
    assert told.code == 0
    assert "Would get MiniLibriMix" in told.stderr
    assert not Path("data").exists()


def test_data_elsewhere_are_the_users_own_affair(sep: Sep, mirror: Path) -> None:
    elsewhere = mirror.parent / "made" / "MiniLibriMix"
    done = sep("run", "mini", "--set", f"prepare.speech.minilibrimix.path={elsewhere}", *SMALL)
    assert done.code == 0
    assert not Path("data").exists()


def test_references_that_are_always_silent_are_told_of_once(sep: Sep, mirror: Path) -> None:
    three = TINY[0].replace("n_src: 2", "n_src: 3")
    done = sep(
        "train", "--recipe", "mini", "--mirror", mirror, *SMALL, "--set", three, "--set", "train.examples.n_src=3"
    )
    assert done.code == 0
    assert done.stderr.count("No mixture of the part train has more than 2 targets; n_src is 3") == 1
