"""Inference time of the models against Asteroid's, same weights, same process, interleaved.

    python benchmarks/models.py                                  # all models, 4 s and 60 s, 1 and 2 threads
    python benchmarks/models.py --models ConvTasNet --seconds 60 --threads 2 --rounds 3

Needs ``asteroid`` beside the package. The ratio is the median over the rounds of Asteroid's time by ours: above 1, ours
is faster. Absolute times depend on the machine and on what else runs there; ratios much less.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings

import torch

from separate_cli import models

NAMES = ["ConvTasNet", "DPRNNTasNet", "DPTNet", "SuDORMRFNet", "SuDORMRFImprovedNet", "LSTMTasNet", "DeMask"]


def timed(model: torch.nn.Module, wav: torch.Tensor) -> float:
    start = time.perf_counter()
    model(wav)
    return time.perf_counter() - start


def compare(name: str, seconds: float, threads: int, rounds: int) -> str:
    """One row of the table."""
    from asteroid import models as asteroid_models

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    arguments = {} if name == "DeMask" else {"n_src": 2}
    theirs = getattr(asteroid_models, name)(**arguments).eval()
    ours = models.get(name)(**arguments).eval()
    ours.load_state_dict(theirs.state_dict())
    wav = torch.randn(1, 1, int(seconds * ours.sample_rate))
    with torch.no_grad():
        expected, found = theirs(wav), ours(wav)  # also the warm-up
        difference = float((expected - found).abs().max() / expected.abs().max())
        times = [(timed(theirs, wav), timed(ours, wav)) for _ in range(rounds)]
    asteroid, own = (statistics.median(column) for column in zip(*times, strict=True))
    ratio = statistics.median(a / b for a, b in times)
    return f"| {name} | {seconds:g} | {threads} | {asteroid:.3f} | {own:.3f} | {ratio:.2f} | {difference:.0e} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=NAMES, metavar="NAME")
    parser.add_argument("--seconds", nargs="+", type=float, default=[4.0, 60.0])
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    warnings.filterwarnings("ignore", module="asteroid")
    print("| model | audio, s | threads | Asteroid, s | ours, s | ratio | difference |\n|---|---|---|---|---|---|---|")
    for name in options.models:
        for seconds in options.seconds:
            for threads in options.threads:
                print(compare(name, seconds, threads, options.rounds), flush=True)


if __name__ == "__main__":
    main()
