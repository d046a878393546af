"""What ``sep search-hub`` costs over many published models, served from this computer.

    python benchmarks/search_hub.py --models 300

Half of them are on a local Zenodo, half on a local Hugging Face, each with a card. The command runs in a process of its
own; the time that the servers' process computes meanwhile is taken off. Memory is the peak of the command's process.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from servers.hugging_face import HuggingFace
from servers.published import ASTEROID_CARD, asteroid_description
from servers.zenodo import Zenodo

GOAL_SECONDS = 1.5
COMMAND = """
from separate_cli.cli.app import app
try:
    app(["search-hub", "--json"])
finally:
    import sys
    peak = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")]
    print(*peak, file=sys.stderr)
"""


def serve(zenodo: Zenodo, hub: HuggingFace, count: int) -> None:
    """Publish ``count`` models."""
    for number in range(count // 2):
        zenodo.add(
            f"jane/ConvTasNet_{number}_sepclean",
            {"model.pth": b"x"},
            description=asteroid_description(si_sdr=number / 10),
            license="cc-by-sa-3.0",
        )
        card = ASTEROID_CARD.format(name=number, si_sdr=number / 10).encode()
        hub.add(f"jane/ConvTasNet_Libri2Mix_{number}", {"README.md": card})


def measure(count: int) -> tuple[float, float]:
    """Seconds beyond server time, and peak memory in MB."""
    with Zenodo() as zenodo, HuggingFace() as hub, tempfile.TemporaryDirectory() as cache:
        serve(zenodo, hub, count)
        places = {"SEP_ZENODO_URL": zenodo.url, "HF_ENDPOINT": hub.url, "SEP_CACHE": cache, "HF_HOME": cache}
        began, computed = time.perf_counter(), time.process_time()
        done = subprocess.run(
            [sys.executable, "-c", COMMAND], env={**os.environ, **places}, capture_output=True, text=True, check=True
        )
        seconds = time.perf_counter() - began - (time.process_time() - computed)
    assert json.loads(done.stdout)["result"]["considered"] == count
    return seconds, float(done.stderr.split()[-1] or "nan") / 1000


def main() -> None:
    """Measure a few models, then many."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=int, default=300)
    count = parser.parse_args().models
    few_seconds, few_memory = measure(count // 10)
    seconds, memory = measure(count)
    print(f"{count // 10} models: {few_seconds:.2f} s beyond server time, {few_memory:.0f} MB")
    print(f"{count} models: {seconds:.2f} s beyond server time (goal {GOAL_SECONDS}), {memory:.0f} MB")
    print(f"memory ratio {memory / few_memory:.2f}")


if __name__ == "__main__":
    main()
