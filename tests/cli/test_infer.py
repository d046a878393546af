"""``sep infer`` as users meet it: paths on stdout, two lines for a mistake, its exit code, nothing half-written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from separate_cli.hub import save_checkpoint
from separate_cli.models.demask import DeMask

RNG = np.random.default_rng(0)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.safetensors"
    torch.manual_seed(0)
    save_checkpoint(DeMask(hidden_dims=[8], norm_type="cLN"), path)
    return path


@pytest.fixture
def talks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two good recordings, which is also the current folder."""
    folder = tmp_path / "talks"
    (folder / "süb folder").mkdir(parents=True)
    soundfile.write(folder / "a.wav", RNG.uniform(-0.2, 0.2, 4000), 16000)
    soundfile.write(folder / "süb folder" / "b 1.flac", RNG.uniform(-0.2, 0.2, (4000, 2)), 44100)
    monkeypatch.chdir(folder)
    return folder


def audio(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*") if "sep-infer" not in path.name)


def test_results_go_to_stdout_and_a_second_run_does_nothing(sep, model: Path, talks: Path) -> None:
    first = sep("infer", model, "a.wav")
    assert (first.code, first.stdout, first.stderr) == (0, "a_enhanced.wav\n", "")
    second = sep("infer", model, "a.wav")
    assert (second.code, second.stdout) == (0, "a_enhanced.wav\n")
    assert "up to date" in second.stderr


def test_json_tells_all_about_each_file(sep, model: Path, talks: Path) -> None:
    found = sep("infer", model, ".", "-o", "../out", "--json")
    result = found.document["result"]
    assert (found.code, found.document["status"], found.stderr) == (0, "done", "")
    by_name = {Path(row["input"]).name: row for row in result["files"]}
    assert by_name["b 1.flac"]["outputs"] == [str(Path("../out/süb folder/b 1_enhanced.flac"))]
    assert by_name["b 1.flac"]["sample_rate"] == 44100
    assert by_name["b 1.flac"]["channels"] == 2
    assert by_name["a.wav"]["status"] == "done"
    assert len(by_name["a.wav"]["sha256"]) == 1
    assert len(result["model"]["sha256"]) == 64
    assert soundfile.info(talks / "../out/süb folder/b 1_enhanced.flac").frames == 4000


def test_a_dry_run_writes_nothing(sep, model: Path, talks: Path) -> None:
    found = sep("infer", model, ".", "--dry-run")
    assert (found.code, audio(talks)) == (0, ["a.wav", "süb folder/b 1.flac"])
    assert "planned (new)" in found.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["nowhere.wav"], 3, "nowhere.wav"),
        (["a.wav", "--channels", "some"], 2, "--channels"),
        (["a.wav", "--format", "docx"], 2, "--format"),
        (["a.wav", "--chunk-seconds", "-1"], 2, "--chunk-seconds"),
        (["a.wav", "--device", "tpu9"], 2, "tpu9"),
        (["a.wav", "--format", "flac", "--bits", "float"], 2, "FLAC cannot hold FLOAT"),
        (["a.wav", "-o", "a.wav/out"], 3, "Cannot write"),
        (["süb folder/b 1.flac", "--no-resample"], 3, "44100 Hz"),
        ([], 2, ""),
    ],
)
def test_a_mistake_ends_with_two_clear_lines_and_its_exit_code(
    sep, model: Path, talks: Path, arguments: list[str], code: int, says: str
) -> None:
    found = sep("infer", model, *arguments)
    assert found.code == code
    assert says in found.stderr
    if arguments:
        lines = found.stderr.splitlines()
        assert [line.split(":")[0] for line in lines] == ["error", "hint"]
    assert audio(talks) == ["a.wav", "süb folder/b 1.flac"]


def test_an_unknown_model_is_an_input_error(sep, talks: Path) -> None:
    found = sep("infer", "demusk", "a.wav")
    assert found.code == 3
    assert "demusk" in found.stderr


def spoil(folder: Path) -> list[str]:
    """Every kind of bad file; their names."""
    (folder / "empty.wav").write_bytes(b"")
    (folder / "text.wav").write_text("hello\n" * 30)
    soundfile.write(folder / "cut.flac", RNG.uniform(-0.5, 0.5, 40_000), 16000)
    (folder / "cut.flac").write_bytes((folder / "cut.flac").read_bytes()[:30_000])
    for name, value in {"nan.wav": np.nan, "inf.wav": np.inf}.items():
        soundfile.write(folder / name, np.array([0.0, value, 0.0]), 16000, subtype="FLOAT")
    soundfile.write(folder / "none.wav", np.zeros(0), 16000)
    return ["empty.wav", "text.wav", "cut.flac", "nan.wav", "inf.wav", "none.wav"]


def test_bad_files_are_listed_and_the_others_done(sep, model: Path, talks: Path) -> None:
    bad = spoil(talks)
    found = sep("infer", model, ".", "missing.wav", "--json")
    rows = {Path(row["input"]).name: row for row in found.document["result"]["files"]}
    assert found.code == 1
    assert {name for name, row in rows.items() if row["status"] == "failed"} == {*bad, "missing.wav"}
    assert all(rows[name]["error"]["message"] and rows[name]["error"]["hint"] for name in bad)
    assert {rows[name]["status"] for name in ("a.wav", "b 1.flac")} == {"done"}
    assert audio(talks) == sorted(
        [*bad, "a.wav", "a_enhanced.wav", "süb folder/b 1.flac", "süb folder/b 1_enhanced.flac"]
    )
    text = sep("infer", model, ".", "missing.wav")
    assert text.code == 1
    assert text.stderr.count("error: ") == len(bad) + 2
    assert "Traceback" not in text.stderr


@pytest.mark.parametrize("name", ["empty.wav", "text.wav", "cut.flac", "nan.wav", "inf.wav", "none.wav"])
def test_one_bad_file_alone_has_the_exit_code_of_bad_input(sep, model: Path, talks: Path, name: str) -> None:
    spoil(talks)
    found = sep("infer", model, name)
    assert found.code == 3
    assert [line.split(":")[0] for line in found.stderr.splitlines()] == ["error", "hint"]


@pytest.mark.parametrize("rate", [8000, 11025, 44100, 192000])
@pytest.mark.parametrize(("frames", "channels"), [(1, 1), (2000, 8)])
def test_odd_recordings_just_work(sep, model: Path, talks: Path, rate: int, frames: int, channels: int) -> None:
    soundfile.write("odd.wav", RNG.uniform(-0.2, 0.2, (frames, channels)), rate)
    assert sep("infer", model, "odd.wav").code == 0
    info = soundfile.info("odd_enhanced.wav")
    assert (info.frames, info.channels, info.samplerate) == (frames, channels, rate)


def test_silence_stays_silence(sep, model: Path, talks: Path) -> None:
    soundfile.write("silence.wav", np.zeros(3000), 16000)
    assert sep("infer", model, "silence.wav").code == 0
    assert not soundfile.read("silence_enhanced.wav")[0].any()


def test_what_would_clip_is_told(sep, talks: Path, tmp_path: Path) -> None:
    loud = DeMask(hidden_dims=[8], norm_type="cLN")
    with torch.no_grad():
        loud.masker[-2].bias.fill_(20.0)
    save_checkpoint(loud, tmp_path / "loud.safetensors")
    found = sep("infer", tmp_path / "loud.safetensors", "a.wav", "--json")
    [row] = found.document["result"]["files"]
    assert row["gain"] == pytest.approx(1 / row["peak"])
    assert "turned down" in found.document["warnings"][0]
    assert np.abs(soundfile.read("a_enhanced.wav")[0]).max() == pytest.approx(1, abs=1e-3)


def test_a_recording_that_ends_early_is_done_with_a_warning(sep, model: Path, talks: Path) -> None:
    Path("a.wav").write_bytes(Path("a.wav").read_bytes()[:-2000])
    found = sep("infer", model, "a.wav")
    assert found.code == 0
    assert "ends before its header says" in found.stderr
    assert soundfile.info("a_enhanced.wav").frames == 3000


STOPPED = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts background jobs with SIGINT ignored
from separate_cli.models.demask import DeMask
slow = DeMask.forward
def forward(self, wav):
    if wav.device.type != "meta":
        print("running", file=sys.stderr, flush=True)
        time.sleep(0.05)
    return slow(self, wav)
DeMask.forward = forward
from separate_cli.cli.app import main
main()
"""


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_stopped_in_the_middle_it_leaves_nothing_half_written(model: Path, talks: Path, kind: signal.Signals) -> None:
    soundfile.write("long.wav", RNG.uniform(-0.2, 0.2, 400_000), 16000)
    command = [sys.executable, "-c", STOPPED, "infer", str(model), "long.wav", "--chunk-seconds", "0.1"]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    ) as run:
        assert run.stderr is not None
        assert run.stderr.readline() == "running\n"
        time.sleep(0.05)
        run.send_signal(kind)
        rest = run.stderr.read()
    assert run.returncode == 130
    lines = [line for line in rest.splitlines() if line != "running"]
    assert [line.split(":")[0] for line in lines] == ["error", "hint"]
    assert audio(talks) == ["a.wav", "long.wav", "süb folder/b 1.flac"]


def test_the_command_needs_neither_lightning_nor_scipy_nor_matplotlib(model: Path, talks: Path) -> None:
    script = (
        "import sys; from separate_cli.cli.app import app; "
        f"app(['infer', {str(model)!r}, 'a.wav', '-q'], standalone_mode=False); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert {"torch", "soundfile"} <= loaded
    assert not {"lightning", "scipy", "matplotlib", "torchaudio", "soxr", "rich.progress", "yaml", "requests"} & loaded
