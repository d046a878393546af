"""Memory and speed of ``sep infer`` for short and long recordings: whole processes, start-up included.

    python benchmarks/long_file.py --minutes 1 10 60

Goals: the peak memory of 60 minutes within 30 MB of that of 1 minute; 60 minutes at 150 times real time or faster.
Peak memory is the resident set as the kernel counts it (Linux, macOS).
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

MODEL = "demask"
SEP = [sys.executable, "-c", "from separate_cli.cli.app import main; main()"]
RATE = 16000
KIB_PER_UNIT = 1 / 1024 if sys.platform == "darwin" else 1


def write_recording(path: Path, minutes: int) -> None:
    minute = np.random.default_rng(0).normal(0, 3000, 60 * RATE).clip(-32768, 32767).astype(np.int16)
    with soundfile.SoundFile(path, "w", RATE, 1) as sound:
        for _ in range(minutes):
            sound.write(minute)


def measured(command: list[str]) -> tuple[float, float]:
    """Wall-clock seconds and peak memory in MB of a process."""
    start = time.perf_counter()
    quiet = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_WRONLY, 0) for stream in (1,)]
    process = os.posix_spawn(command[0], command, os.environ, file_actions=quiet)
    _, status, usage = os.wait4(process, 0)
    if status:
        raise SystemExit(f"failed: {' '.join(command)}")
    return time.perf_counter() - start, usage.ru_maxrss * KIB_PER_UNIT * 1024 / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, nargs="+", default=[1, 60])
    parser.add_argument("--model", default=MODEL, help="model reference (default: the bundled one)")
    args = parser.parse_args()
    print(f"{'minutes':>8}{'seconds':>10}{'x real time':>13}{'peak MB':>10}{'more than first':>17}")
    first = None
    with tempfile.TemporaryDirectory() as folder:
        for minutes in args.minutes:
            recording = Path(folder) / f"{minutes}.wav"
            write_recording(recording, minutes)
            seconds, peak = measured([*SEP, "infer", args.model, str(recording), "--overwrite"])
            first = peak if first is None else first
            print(f"{minutes:>8}{seconds:>10.1f}{60 * minutes / seconds:>13.0f}{peak:>10.1f}{peak - first:>+17.1f}")


if __name__ == "__main__":
    main()
