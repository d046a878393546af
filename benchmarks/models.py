"""Inference time of the models against Asteroid's, same weights, same process, interleaved.

    python benchmarks/models.py                                  # all models, 4 s and 60 s, 1 and 2 threads
    python benchmarks/models.py --models ConvTasNet --seconds 60 --threads 2 --rounds 3

Needs ``asteroid`` beside the package. The ratio is the median over the rounds of Asteroid's time by ours: above 1, ours
is faster. Absolute times depend on the machine and on what else runs there; ratios much less. Asteroid 0.7 builds
DCCRNet only after a repair (a NumPy number where PyTorch wants its own), and DCUNet for any length only when it pads.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from typing import Any

import torch

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
}


def timed(model: torch.nn.Module, wav: torch.Tensor) -> tuple[torch.Tensor, float]:
    start = time.perf_counter()
    estimates = model(wav)
    return estimates, time.perf_counter() - start


def repair() -> None:
    """Let Asteroid build DCCRNet."""
    from asteroid.masknn.recurrent import DCCRMaskNetRNN

    init = DCCRMaskNetRNN.__init__
    DCCRMaskNetRNN.__init__ = lambda self, in_size, *args, **kwargs: init(self, int(in_size), *args, **kwargs)


def compare(name: str, seconds: float, threads: int, rounds: int) -> str:
    """One row of the table."""
    from asteroid import models as asteroid_models

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    theirs = getattr(asteroid_models, name)(**ARGUMENTS[name]).eval()
    ours = models.get(name)(**ARGUMENTS[name]).eval()
    ours.load_state_dict(theirs.state_dict())
    wav = torch.randn(1, 1, int(seconds * ours.sample_rate))
    with torch.no_grad():
        (expected, first), (found, second) = timed(theirs, wav), timed(ours, wav)
        difference = float((expected - found).abs().max() / expected.abs().max())
        times = [(timed(theirs, wav)[1], timed(ours, wav)[1]) for _ in range(rounds)] or [(first, second)]
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
    repair()
    print("| model | audio, s | threads | Asteroid, s | ours, s | ratio | difference |\n|---|---|---|---|---|---|---|")
    for name in options.models:
        for seconds in options.seconds:
            for threads in options.threads:
                print(compare(name, seconds, threads, options.rounds), flush=True)


if __name__ == "__main__":
    main()
