"""How fast and how equal the six usual scores are, against the way Asteroid computes them (through pb_bss_eval).

    python benchmarks/metrics.py --utterances 100 --workers 2
    python benchmarks/metrics.py --audio LibriSpeech/test-other      # mixtures of real speech

Two sources at 8 kHz, 4 s an utterance; SI-SDR, SDR, SIR, SAR, STOI and PESQ, of estimates and of the mixture. Asteroid
and one process of ours take turns utterance by utterance, so that a busy moment of the machine hits both alike; then
the same utterances go through ``evaluate_many``, once with one process and once with several, their start included.
Goal: at least twice as fast on 2 cores, values within 1e-3 dB. Without ``asteroid``, only our own times are
shown.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from separate_cli.metrics import Utterance, evaluate, evaluate_many

RATE, SAMPLES = 8000, 32000
ALL = ("si_sdr", "sdr", "sir", "sar", "stoi", "pesq")
PARTS = {
    "SI-SDR": ("si_sdr",),
    "SDR, SIR, SAR": ("sdr", "sir", "sar"),
    "STOI": ("stoi",),
    "PESQ": ("pesq",),
    "all six": ALL,
}
GOAL_RATIO, GOAL_DB = 2.0, 1e-3
Scores = dict[str, np.ndarray]


def invented_speech(rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Gliding voices with overtones in syllables, and pauses between them."""
    seconds = np.arange(SAMPLES) / RATE
    while True:
        pitch_hz = rng.uniform(90, 220) * (1 + 0.1 * np.sin(2 * np.pi * rng.uniform(1, 3) * seconds))
        phase = 2 * np.pi * np.cumsum(pitch_hz) / RATE
        voice = sum(np.sin(k * phase + k) / k for k in range(1, 16)) + 0.3 * rng.standard_normal(SAMPLES)
        loudness = np.maximum(np.sin(2 * np.pi * rng.uniform(1.5, 3) * seconds + rng.uniform(0, 6)), 0) ** 2
        yield 0.1 * loudness * voice + 1e-4 * rng.standard_normal(SAMPLES)


def read_speech(folder: Path) -> Iterator[np.ndarray]:
    """First 4 s of every recording that is long enough, at 8 kHz, again and again."""
    import soundfile
    import soxr

    waves = []
    for path in sorted(folder.rglob("*.flac")):
        wave, rate = soundfile.read(path)
        if len(wave) >= 4.1 * rate:
            waves.append(soxr.resample(wave, rate, RATE)[:SAMPLES])
    if len(waves) < 2:
        raise SystemExit(f"Expected at least two FLAC files of 4 s under {folder}, got {len(waves)}.")
    while True:
        yield from waves


def make_utterances(count: int, folder: Path | None) -> list[Utterance]:
    rng = np.random.default_rng(0)
    speech = read_speech(folder) if folder else invented_speech(rng)
    utterances = []
    for index in range(count):
        references = np.stack([next(speech), next(speech)])
        noise = references.std() * rng.standard_normal(references.shape)
        estimates = references + rng.uniform(0.05, 0.5) * references[::-1] + rng.uniform(0.005, 0.05) * noise
        utterances.append(Utterance(f"u{index}", estimates, references, RATE, references.sum(0) + 0.01 * noise[0]))
    return utterances


def ours(utterance: Utterance, metrics: tuple[str, ...]) -> Scores:
    result = evaluate(
        utterance.estimates, utterance.references, utterance.mixture, sample_rate=RATE, metrics=metrics, permute=False
    )
    return flat(result)


def flat(result: Any) -> Scores:
    return {name: result[name].output for name in result} | {f"input_{name}": result[name].input for name in result}


def asteroid() -> Callable[[Utterance, tuple[str, ...]], Scores] | None:
    try:
        from asteroid.metrics import get_metrics
    except ImportError as error:
        print(f"asteroid cannot be imported ({error}): no ratios.\n")
        return None

    def scores(utterance: Utterance, metrics: tuple[str, ...]) -> Scores:
        mix, clean, estimate = (np.asarray(utterance.mixture)[None], utterance.references, utterance.estimates)
        found = get_metrics(mix, clean, estimate, sample_rate=RATE, metrics_list=list(metrics), average=False)
        return {name: np.asarray(value).ravel() for name, value in found.items()}

    return scores


def timed(function: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    start = time.perf_counter()
    value = function(*arguments)
    return time.perf_counter() - start, value


def largest_difference(pairs: list[tuple[Scores, Scores]]) -> float:
    """Over all scores; beyond 100 dB, where only rounding is left, all count as 100 dB."""
    return max(
        float(np.max(np.abs(np.minimum(mine[name], 100) - np.minimum(theirs[name], 100))))
        for mine, theirs in pairs
        for name in theirs
    )


def compare(utterances: list[Utterance], workers: int) -> None:
    peer = asteroid()
    print(f"{'':<24}{'ours ms':>10}{'Asteroid ms':>13}{'ratio':>8}{'difference':>12}")
    peer_seconds = 0.0
    for title, metrics in PARTS.items():
        ours(utterances[0], metrics)  # the first call imports
        mine, theirs = [], []
        for utterance in utterances:
            mine.append(timed(ours, utterance, metrics))
            theirs += [timed(peer, utterance, metrics)] if peer else []
        line = f"{title:<24}{1000 * statistics.median(seconds for seconds, _ in mine):>10.1f}"
        if theirs:
            ratio = statistics.median(b[0] / a[0] for a, b in zip(mine, theirs, strict=True))
            apart = largest_difference([(a[1], b[1]) for a, b in zip(mine, theirs, strict=True)])
            line += f"{1000 * statistics.median(seconds for seconds, _ in theirs):>13.1f}{ratio:>8.1f}{apart:>12.1e}"
            peer_seconds = sum(seconds for seconds, _ in theirs)
        print(line, flush=True)
    for count in sorted({1, workers}):
        seconds, _ = timed(many, utterances, count)
        line = f"{f'all six, processes: {count}':<24}{1000 * seconds / len(utterances):>10.1f}"
        if peer_seconds:
            line += f"{1000 * peer_seconds / len(utterances):>13.1f}{peer_seconds / seconds:>8.1f}"
        print(line, flush=True)
    print(f"\nMedians over {len(utterances)} utterances; the last lines are means, start of processes included.")
    print(f"Goals: ratio of the last line at least {GOAL_RATIO:g}, differences at most {GOAL_DB:g}.")


def many(utterances: list[Utterance], workers: int) -> None:
    for _ in evaluate_many(utterances, metrics=ALL, permute=False, workers=workers):
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--utterances", type=int, default=100)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--audio", type=Path, help="folder of FLAC speech to mix; default: invented speech")
    args = parser.parse_args()
    warnings.simplefilter("ignore")  # pb_bss_eval and mir_eval warn in every call
    compare(make_utterances(args.utterances, args.audio), args.workers)


if __name__ == "__main__":
    main()
