"""Inference time of the models against Asteroid's, same weights, same process, interleaved.

    python benchmarks/models.py                                  # all models, 4 s and 60 s, 1 and 2 threads
    python benchmarks/models.py --models ConvTasNet --seconds 60 --threads 2 --rounds 3

Needs ``asteroid`` beside the package. The ratio is the median over the rounds of Asteroid's time by ours: above 1, ours
is faster. Absolute times depend on the machine and on what else runs there; ratios much less. Asteroid 0.7 builds
DCCRNet and X-UMX only after a repair (``parity.py``), and DCUNet for any length only when it pads. FaSNet-TAC hears
two microphones, X-UMX stereo.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from typing import Any

import torch
from parity import estimates_of, relative_error, theirs

from separate_cli import models

ARGUMENTS: dict[str, dict[str, Any]] = {
    "ConvTasNet": {"n_src": 2},
    "DPRNNTasNet": {"n_src": 2},
    "DPTNet": {"n_src": 2},
    "LSTMTasNet": {"n_src": 2},
    "SuDORMRFNet": {"n_src": 2},
    "SuDORMRFImprovedNet": {"n_src": 2},
    "DeMask": {},
    "DCCRNet": {"architecture": "DCCRN-CL"},
    "DCUNet": {"architecture": "DCUNet-20", "fix_length_mode": "pad"},
    "VADNet": {"n_src": 1},
    "FasNetTAC": {"n_src": 2},
    "XUMX": {"sources": ["bass", "drums", "vocals", "other"]},
}
CHANNELS = {"FasNetTAC": 2, "XUMX": 2}


def timed(model: torch.nn.Module, wav: torch.Tensor) -> tuple[torch.Tensor, float]:
    start = time.perf_counter()
    estimates = estimates_of(model, wav)
    return estimates, time.perf_counter() - start


def compare(name: str, seconds: float, threads: int, rounds: int) -> str:
    """One row of the table."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    old = theirs(name)(**ARGUMENTS[name]).eval()
    new = models.get(name)(**ARGUMENTS[name]).eval()
    new.load_state_dict(old.state_dict())
    wav = torch.randn(1, CHANNELS.get(name, 1), int(seconds * new.sample_rate))
    (expected, first), (found, second) = timed(old, wav), timed(new, wav)
    difference = relative_error(found, expected)
    times = [(timed(old, wav)[1], timed(new, wav)[1]) for _ in range(rounds)] or [(first, second)]
    asteroid, own = (statistics.median(column) for column in zip(*times, strict=True))
    ratio = statistics.median(a / b for a, b in times)
    return f"| {name} | {seconds:g} | {threads} | {asteroid:.3f} | {own:.3f} | {ratio:.2f} | {difference:.0e} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=list(ARGUMENTS), choices=list(ARGUMENTS), metavar="NAME")
    parser.add_argument("--seconds", nargs="+", type=float, default=[4.0, 60.0])
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--rounds", type=int, default=5, help="After a first run; 0: the first run itself counts.")
    options = parser.parse_args()
    warnings.filterwarnings("ignore", module="asteroid")
    print("| model | audio, s | threads | Asteroid, s | ours, s | ratio | difference |\n|---|---|---|---|---|---|---|")
    for name in options.models:
        for seconds in options.seconds:
            for threads in options.threads:
                print(compare(name, seconds, threads, options.rounds), flush=True)


if __name__ == "__main__":
    main()
