"""Real lists and real recordings: whatever is killed, and however many work, the same bytes."""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import resample_poly

from clusters import dask_cluster
from corpora import wsj0
from separate_cli.data.corpora.gained import read_rows
from separate_cli.data.corpora.librimix import read_lists
from separate_cli.data.corpora.wsj0mix import read_lists as read_wsj0_lists
from separate_cli.data.levels import active_level_db
from separate_cli.specs.corpora.librimix import LibriMix
from separate_cli.specs.corpora.vctk2mix import Vctk2Mix
from separate_cli.specs.corpora.wsj0mix import Wsj0Mix

pytestmark = pytest.mark.acceptance

SEP = [sys.executable, "-c", "from separate_cli.cli.app import main; main()"]


def sep(*arguments: str | Path, folder: Path) -> str:
    """Run ``sep`` in a folder; the last line of its results."""
    command = [*SEP, *map(str, arguments)]
    env = {**os.environ, "OMP_NUM_THREADS": "1", "SEP_CACHE": str(folder / "cache")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=env)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def content(folder: str) -> dict[str, bytes]:
    root = Path(folder)
    files = [path for path in root.rglob("*") if path.is_file() and path.name != "stage.json"]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


@pytest.mark.parametrize(
    ("n_src", "subset", "count"),
    [
        (2, "train-clean-100", 13900),
        (2, "dev-clean", 3000),
        (2, "test-clean", 3000),
        (3, "dev-clean", 3000),
        (3, "test-clean", 3000),
    ],
)
def test_official_lists_of_librimix_are_read_completely(real_audio: Path, n_src: int, subset: str, count: int) -> None:
    spec = LibriMix(kind="librimix", n_src=n_src, subsets={subset: "train"})
    rows = read_lists(spec, real_audio / "metadata" / "LibriMix" / f"Libri{n_src}Mix")
    assert len(rows) == len({row.id for row in rows}) == count
    assert all(len(row.sources) == n_src and row.noise for row in rows)


def test_the_other_official_lists_are_read_completely(real_audio: Path) -> None:
    lists = real_audio / "metadata"
    vctk = lists / "VCTK-2Mix" / "VCTK2mix_VCTK_md.csv"
    assert len(list(read_rows(Vctk2Mix(kind="vctk-2mix"), vctk, part="test", place=""))) == 3000
    rows = read_wsj0_lists(Wsj0Mix(kind="wsj0mix"), lists / "wsj0-mix")
    assert [sum(row.part == part for row in rows) for part in ("tr", "cv", "tt")] == [20000, 5000, 3000]
    sparse = json.loads((lists / "SparseLibriMix" / "sparse_2_0.2" / "metadata.json").read_text())
    assert len(sparse) == 500


@pytest.fixture
def workspace(real_audio: Path, tmp_path: Path) -> Path:
    """LibriMix's layout of real speech and noise, with lists of the official columns."""
    with (real_audio / "manifest.csv").open() as stream:
        rows = [row for row in csv.DictReader(stream) if row["path"].startswith("LibriSpeech/")]
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "LibriSpeech").symlink_to(real_audio / "LibriSpeech")
    chance = np.random.default_rng(0)
    for part in ("tr", "cv", "tt"):
        for path in sorted((real_audio / "noise" / part).glob("*"))[:12]:
            wave, rate = soundfile.read(path, always_2d=True)
            target = tmp_path / "data" / "wham_noise" / part / f"{path.stem}.wav"
            target.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(target, resample_poly(wave, 16000, rate, axis=0), 16000)
    lists = tmp_path / "data" / "LibriMix" / "metadata" / "Libri2Mix"
    lists.mkdir(parents=True)
    subsets = {
        "train-clean-100": ("train", "tr", 60),
        "dev-clean": ("valid", "cv", 15),
        "test-clean": ("test", "tt", 15),
    }
    for subset, (part, folder, count) in subsets.items():
        speech = [row["path"].removeprefix("LibriSpeech/") for row in rows if row["split"] == part]
        noise = sorted(path.name for path in (tmp_path / "data" / "wham_noise" / folder).glob("*"))
        with (lists / f"libri2mix_{subset}.csv").open("w", newline="") as stream:
            table = csv.writer(stream)
            columns = ["mixture_ID", "source_1_path", "source_1_gain", "source_2_path", "source_2_gain"]
            table.writerow([*columns, "noise_path", "noise_gain"])
            for number in range(count):
                said = [speech[int(i)] for i in chance.permutation(len(speech))[:2]]
                name = f"{Path(said[0]).stem}_{Path(said[1]).stem}_{number}"
                gains = chance.uniform(0.3, 1.2, 3).round(6)
                picked = f"{folder}/{noise[number % len(noise)]}"
                table.writerow([name, said[0], gains[0], said[1], gains[1], picked, gains[2]])
    (tmp_path / "mine.yaml").write_text("prepare: {kind: librimix, sample_rate: 8000}\n")
    return tmp_path


PREPARE = ("data", "prepare", "--recipe", "mine.yaml")


def test_librimix_of_real_speech_is_the_same_for_one_and_two_workers_and_after_kills(workspace: Path) -> None:
    expected = content(sep(*PREPARE, "--workers", "1", "--root", workspace / "one", folder=link(workspace, "one")))
    assert len([name for name in expected if name.endswith(".wav")]) == (60 + 15 + 15) * 6
    two = sep(*PREPARE, "--workers", "2", "--root", workspace / "two", folder=link(workspace, "two"))
    assert content(two) == expected
    folder, chance, kills = link(workspace, "killed"), random.Random(5), 0
    while kills < 4:
        command = [*SEP, *map(str, PREPARE), "--workers", "2", "--root", str(workspace / "killed")]
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            while process.poll() is None and not list((workspace / "killed").rglob("journal.jsonl")):
                time.sleep(0.01)  # something is done
            time.sleep(chance.uniform(0.0, 1.5))
            if process.poll() is not None:
                break
            process.send_signal(signal.SIGKILL)
        kills += 1
    assert kills > 0
    assert content(sep(*PREPARE, "--root", workspace / "killed", folder=folder)) == expected


def test_dask_makes_the_same_when_one_of_its_workers_is_killed(workspace: Path) -> None:
    expected = content(sep(*PREPARE, "--root", workspace / "one", folder=link(workspace, "one")))
    with dask_cluster(workspace, workers=2) as (address, workers):
        killer = threading.Timer(6.0, workers[0].kill)
        killer.start()
        root = ("--root", workspace / "dask")
        made = sep(*PREPARE, "--executor", f"dask:{address}", *root, folder=link(workspace, "dask"))
        killer.join()
    assert content(made) == expected


def link(workspace: Path, name: str) -> Path:
    """A workspace of its own with the same data."""
    (workspace / name).mkdir(exist_ok=True)
    if not (workspace / name / "data").exists():
        (workspace / name / "data").symlink_to(workspace / "data")
    return workspace


def test_wham_of_real_speech_and_noise(real_audio: Path, tmp_path: Path) -> None:
    speech = sorted((real_audio / "LibriSpeech").rglob("*.flac"))
    names = [name for part in wsj0.UTTERANCES.values() for name in part]
    for name, path in zip(names, speech[:: len(speech) // len(names)], strict=False):
        target = tmp_path / "data" / "wsj0" / f"{name}.flac"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    wsj0.make_wham(tmp_path / "data" / "wham_scripts" / "data", tmp_path / "data" / "wham_noise")
    real_noise = sorted((real_audio / "noise" / "tr").glob("blanket*"))[0]
    wave, rate = soundfile.read(real_noise, always_2d=True)
    wave = resample_poly(wave, 16000, rate, axis=0)[: 16000 * 20]
    for path in (tmp_path / "data" / "wham_noise").rglob("*.wav"):
        soundfile.write(path, wave, 16000)
    (tmp_path / "mine.yaml").write_text("prepare: {kind: wham, sample_rate: 8000, mode: min}\n")
    disk = sep(*PREPARE, folder=tmp_path)
    fly = sep(*PREPARE, "--mixtures", "on-the-fly", folder=tmp_path)
    assert len(list(Path(disk).rglob("*.wav"))) == 6 * 6
    assert len(Path(fly, "mixtures.jsonl").read_text().splitlines()) == 6


def test_a_corpus_of_any_recordings(real_audio: Path, tmp_path: Path) -> None:
    own = ["data", "prepare", "--from-folder", real_audio / "LibriSpeech", "--from-folder", real_audio / "VCTK"]
    own += ["--noise", real_audio / "noise", "--rirs", real_audio / "rirs", "--sample-rate", "16000"]
    split = f"prepare.speech.speech.split={{rule: table, table: {real_audio / 'manifest.csv'}}}"
    counts = ["--n-train", "20", "--n-valid", "5", "--n-test", "5", "--set", split]
    folder = Path(sep(*own, *counts, "--workers", "2", folder=tmp_path))
    again = Path(sep(*own, *counts, "--workers", "1", "--root", tmp_path / "again", folder=tmp_path))
    assert content(str(folder)) == content(str(again))
    rows = [json.loads(line) for line in (folder / "mixtures.jsonl").read_text().splitlines()]
    assert len(rows) == 30 and all(len(set(row["speakers"])) == 2 for row in rows)
    for row in rows[:10]:
        wave = soundfile.read(folder / row["signals"]["s1"]["path"])[0]
        assert -45 < active_level_db(wave.astype(np.float32), sample_rate=16000) < -15
