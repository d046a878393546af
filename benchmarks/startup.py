"""How long ``sep`` takes to start: whole processes, wall-clock time, caches warm.

    python benchmarks/startup.py --rounds 7

The three commands run in turn, once a round, so that a busy moment of the machine hits all alike. The ratio is the
median over rounds of the ratio within a round. Goals: ``sep --help`` in 200 ms, ``sep infer`` of a 5 s file in 1.5
times what ``import torch`` takes.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

MODEL = "demask"
SEP = [sys.executable, "-c", "from separate_cli.cli.app import main; main()"]


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--model", default=MODEL, help="model reference (default: the bundled one)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        recording = Path(folder) / "five-seconds.wav"
        soundfile.write(recording, np.random.default_rng(0).uniform(-0.1, 0.1, 5 * 16000), 16000)
        commands = {
            "sep --help": [*SEP, "--help"],
            "import torch": [sys.executable, "-c", "import torch"],
            "sep infer, 5 s": [*SEP, "infer", args.model, str(recording), "--overwrite"],
        }
        for command in commands.values():  # bytecode and page cache
            seconds(command)
        rounds = [{name: seconds(command) for name, command in commands.items()} for _ in range(args.rounds)]
    print(f"{'':<16}{'median s':>10}{'min s':>8}{'/ import torch':>16}")
    for name in commands:
        times = [one[name] for one in rounds]
        ratio = statistics.median(one[name] / one["import torch"] for one in rounds)
        print(f"{name:<16}{statistics.median(times):>10.3f}{min(times):>8.3f}{ratio:>16.2f}")


if __name__ == "__main__":
    main()
