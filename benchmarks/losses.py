"""How fast permutation-invariant SI-SDR is, against the other implementations that are installed.

    python benchmarks/losses.py --threads 2 --rounds 15

Forward and backward on a batch of 16 x 4 s at 8 kHz. All contenders run in one process, in turn, once a round, so that
a busy moment of the machine hits all alike; a ratio is the median over rounds of the ratio within a round. A contender
that cannot be imported, or refuses that many sources, is shown as "-". Losses
must agree to 0.1 dB (energy floors differ), or it stops.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Callable

import torch
from torch import Tensor

from separate_cli.losses import PITLossWrapper, pairwise_neg_sisdr

Loss = Callable[[Tensor, Tensor], Tensor]
GOALS = {2: 8, 3: 5, 5: 20, 8: 40}


def ours() -> Loss:
    return PITLossWrapper(pairwise_neg_sisdr)


def asteroid() -> Loss:
    from asteroid import losses

    return losses.PITLossWrapper(losses.pairwise_neg_sisdr)


def fast_bss_eval() -> Loss:
    import fast_bss_eval

    return lambda est, ref: fast_bss_eval.si_sdr_pit_loss(est, ref, zero_mean=True).mean()


def torchmetrics() -> Loss:
    from torchmetrics.functional.audio import permutation_invariant_training
    from torchmetrics.functional.audio import scale_invariant_signal_distortion_ratio as si_sdr

    return lambda est, ref: -permutation_invariant_training(est, ref, si_sdr, zero_mean=True)[0].mean()


CONTENDERS: dict[str, Callable[[], Loss]] = {
    "sep": ours,
    "asteroid": asteroid,
    "fast_bss_eval": fast_bss_eval,
    "torchmetrics": torchmetrics,
}


def step(loss: Loss, estimates: Tensor, references: Tensor) -> tuple[float, float]:
    """Seconds of one forward and backward pass, and the loss."""
    leaf = estimates.clone().requires_grad_()
    begin = time.perf_counter()
    value = loss(leaf, references)
    value.backward()
    return time.perf_counter() - begin, float(value.detach())


def waves(sources: int, snr_db: float | None) -> tuple[Tensor, Tensor]:
    """References, and estimates of them in reverse order at ``snr_db``; unrelated noise when None."""
    generator = torch.Generator().manual_seed(sources)
    noise, references = torch.randn(2, 16, sources, 32_000, generator=generator)
    return (noise if snr_db is None else references.flip(1) + 10 ** (-snr_db / 20) * noise), references


def compare(sources: int, rounds: int, snr_db: float | None) -> dict[str, list[float]]:
    """Seconds a round of every contender that can do it."""
    estimates, references = waves(sources, snr_db)
    seconds: dict[str, list[float]] = {}
    runnable: dict[str, Loss] = {}
    values = {}
    for name, build in CONTENDERS.items():
        try:
            loss = build()
            values[name] = step(loss, estimates, references)[1]  # warm-up
        except Exception as error:  # a peer's refusal is a result of the comparison
            print(f"  {name}, {sources} sources: {type(error).__name__}: {error}")
            continue
        runnable[name], seconds[name] = loss, []
    if max(values.values()) - min(values.values()) > 0.1:
        raise SystemExit(f"The losses disagree: {values}")
    for _ in range(rounds):
        for name, loss in runnable.items():
            seconds[name].append(step(loss, estimates, references)[0])
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=int, nargs="+", default=[2, 3, 5, 8, 20])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--snr-db", type=float, default=None, help="quality of the estimates; default: pure noise")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    warnings.simplefilter("ignore")
    print(f"torch {torch.__version__}, {options.threads} threads, {options.rounds} rounds, SNR {options.snr_db} dB")
    print(f"{'sources':>7} {'contender':>14} {'ms':>9} {'sep is faster':>14} {'goal':>5}")
    for sources in options.sources:
        seconds = compare(sources, options.rounds, options.snr_db)
        for name in CONTENDERS:
            if name not in seconds:
                print(f"{sources:>7} {name:>14} {'-':>9}")
                continue
            ratio = statistics.median(a / b for a, b in zip(seconds[name], seconds["sep"], strict=True))
            goal = {"sep": "", "asteroid": f"{GOALS.get(sources, '')}"}.get(name, "1")
            print(f"{sources:>7} {name:>14} {1e3 * statistics.median(seconds[name]):>9.2f} {ratio:>13.1f}x {goal:>5}")


if __name__ == "__main__":
    main()
