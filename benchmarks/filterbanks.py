"""Analysis and synthesis against plain convolution, which is what the filterbanks are defined by.

    python benchmarks/filterbanks.py --seconds 4 60 --threads 1 2

Both ways take turns; times are the best of all rounds; a ratio above 1 is quicker than ``conv1d`` or
``conv_transpose1d``. No gradients are recorded: while learning, the transposed convolution itself is used.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import torch
from torch.nn import functional

from separate_cli.filterbanks import make_enc_dec

SETTINGS = [
    ("free", 64, 2, 1),
    ("free", 64, 16, 8),
    ("free", 512, 16, 8),
    ("free", 512, 21, 10),
    ("free", 512, 41, 20),
    ("stft", 64, 64, 16),
    ("stft", 256, 256, 64),
    ("stft", 512, 400, 100),
    ("stft", 512, 512, 256),
    ("stft", 1024, 1024, 256),
]


def seconds_of(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def compare(plain: Callable[[], object], ours: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Milliseconds of ours, and how many times as long plain convolution takes."""
    plain(), ours()
    times = [(seconds_of(plain), seconds_of(ours)) for _ in range(rounds)]
    best_plain, best_ours = (min(column) for column in zip(*times, strict=True))
    return 1e3 * best_ours, best_plain / best_ours


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, nargs="+", default=[4.0, 60.0])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--sources", type=int, default=2, help="waves that are synthesised")
    parser.add_argument("--rounds", type=int, default=11)
    args = parser.parse_args()
    print(f"threads {'filterbank':<20} seconds  analysis ms  ratio  synthesis ms  ratio")
    for threads in args.threads:
        torch.set_num_threads(threads)
        for name, n_filters, kernel, stride in SETTINGS:
            rate = 16000 if name == "stft" else 8000
            encoder, decoder = make_enc_dec(name, n_filters=n_filters, kernel_size=kernel, stride=stride)
            for seconds in args.seconds:
                with torch.inference_mode():
                    wav = torch.randn(1, 1, int(rate * seconds))
                    frames = encoder(wav).repeat(args.sources, 1, 1)
                    analysis = compare(
                        lambda: functional.conv1d(wav, encoder.filters(), stride=stride),  # noqa: B023  called at once
                        lambda: encoder(wav),  # noqa: B023
                        args.rounds,
                    )
                    synthesis = compare(
                        lambda: functional.conv_transpose1d(frames, decoder.filters(), stride=stride),  # noqa: B023
                        lambda: decoder(frames),  # noqa: B023
                        args.rounds,
                    )
                label = f"{name} {n_filters}/{kernel}/{stride}"
                print(f"{threads:>7} {label:<20}{seconds:>8g}", end="")
                print(f"{analysis[0]:>13.2f}{analysis[1]:>7.1f}{synthesis[0]:>14.2f}{synthesis[1]:>7.1f}")


if __name__ == "__main__":
    main()
