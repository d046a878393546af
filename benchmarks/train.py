"""Seconds a training step against Asteroid's training loop: same model, weights, data, batch and threads.

    python benchmarks/train.py --models ConvTasNet --rounds 6

Needs ``asteroid`` beside the package. Each side is a process of its own, set up as its users have it: ours as ``sep
train`` does (memory that is freed is kept), Asteroid's as it ships, and once more with the memory setting that we use.
The processes take turns, a step each a round, so that a busy moment of the machine hits all alike; a ratio is the
median over the rounds of Asteroid's time by ours. A step is all from one batch to the next: reading 4 x 3 s at 8 kHz,
forward, loss, backward, clipping, optimizer, bookkeeping. The first losses have to agree, or it stops.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

RATE, SECONDS, BATCH, MIXTURES = 8000, 3, 4, 80
GOALS = {
    ("ConvTasNet", "32"): 1.5,
    ("DPRNNTasNet", "32"): 1.2,
    ("ConvTasNet", "bf16"): 2.1,
    ("DPRNNTasNet", "bf16"): 2.1,
}
KEEP = {"MALLOC_MMAP_THRESHOLD_": str(64 << 20), "MALLOC_TRIM_THRESHOLD_": str(1 << 30)}
SIDES: dict[str, tuple[list[str], dict[str, str]]] = {
    "asteroid": (["asteroid", "32"], {}),
    "asteroid, memory kept": (["asteroid", "32"], KEEP),
    "sep 32": (["sep", "32"], {}),
    "sep bf16": (["sep", "bf16"], {}),
}


def write_corpus(folder: Path) -> None:
    """Mixtures of noise as WAV files, with lists for both sides."""
    import numpy as np
    import soundfile

    from separate_cli.data.mixtures import Mixture, Piece, write_mixtures

    rng = np.random.default_rng(0)
    frames = RATE * SECONDS
    rows, mixtures = ["mixture_ID,mixture_path,source_1_path,source_2_path,length"], []
    for number in range(MIXTURES):
        sources = 0.1 * rng.standard_normal((2, frames))
        waves = {"mix_clean": sources.sum(0), "s1": sources[0], "s2": sources[1]}
        for name, wave in waves.items():
            soundfile.write(folder / f"{number}_{name}.wav", wave, RATE)
        rows.append(f"m{number}," + ",".join(str(folder / f"{number}_{name}.wav") for name in waves) + f",{frames}")
        for part in ("train", "valid") if number < 2 else ("train",):
            pieces = {name: Piece(f"{number}_{name}.wav") for name in waves}
            mixtures.append(Mixture(f"{part}{number}", part, RATE, frames, pieces, speakers=("a", "b")))
    (folder / "csv").mkdir()
    (folder / "csv" / "mixture_train_mix_clean.csv").write_text("\n".join(rows) + "\n")
    write_mixtures(folder / "mixtures.jsonl", mixtures)


class Gate:
    """Stops before each batch until the driver says go; tells it what the step before has cost."""

    began = 0.0
    loss = float("nan")

    def pass_through(self) -> None:
        if self.began:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(json.dumps([time.perf_counter() - self.began, float(self.loss), peak]), flush=True)
        if not sys.stdin.readline():
            os._exit(0)
        self.began = time.perf_counter()


def run_asteroid(model_name: str, folder: Path) -> None:
    """Asteroid's loop as its recipes set it up."""
    import pytorch_lightning as pl
    import torch
    from asteroid import models
    from asteroid.data import LibriMix
    from asteroid.engine import System, make_optimizer
    from asteroid.losses import PITLossWrapper, pairwise_neg_sisdr
    from torch.utils.data import DataLoader

    gate = Gate()

    class Gated(System):
        def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
            gate.pass_through()

        def training_step(self, batch: Any, batch_nb: int) -> Any:
            loss = super().training_step(batch, batch_nb)
            gate.loss = loss.detach()
            return loss

    torch.manual_seed(0)
    model = getattr(models, model_name)(n_src=2)
    torch.save(model.state_dict(), folder / f"{model_name}.pth")
    examples = LibriMix(folder / "csv", task="sep_clean", sample_rate=RATE, n_src=2, segment=SECONDS)
    loader = DataLoader(examples, batch_size=BATCH, shuffle=False, drop_last=True)
    optimizer = make_optimizer(model.parameters(), "adam", lr=1e-3, weight_decay=0.0)
    loss = PITLossWrapper(pairwise_neg_sisdr, pit_from="pw_mtx")
    trainer = pl.Trainer(
        max_epochs=1000, accelerator="cpu", devices=1, gradient_clip_val=5.0, default_root_dir=folder,
        enable_progress_bar=False, enable_model_summary=False, num_sanity_val_steps=0, limit_val_batches=1,
    )  # fmt: skip
    trainer.fit(Gated(model, optimizer, loss, loader, loader))  # its System cannot do without validation


def run_sep(model_name: str, folder: Path, precision: str) -> None:
    """Our loop as ``sep train`` sets it up."""
    import torch

    from separate_cli.data.corpus import Corpus
    from separate_cli.engine.fitting import Plan, fit
    from separate_cli.engine.system import System
    from separate_cli.specs.train import TrainSpec
    from separate_cli.stages import train

    gate = Gate()

    class Gated(System):
        def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
            gate.pass_through()

        def training_step(self, batch: Any, batch_nb: int) -> Any:
            loss = super().training_step(batch, batch_nb)
            gate.loss = loss.detach()
            return loss

    train.System = Gated
    spec = TrainSpec.model_validate(
        {
            "examples": {"kind": "mixtures", "segment_seconds": SECONDS},
            "model": {"name": model_name, "args": {"n_src": 2}},
            "loss": {"pairwise_neg_sisdr": {}},
            "batch_size": BATCH, "epochs": 1000, "device": "cpu", "workers": 0, "precision": precision,
        }
    )  # fmt: skip
    model = train.make_model(spec)
    model.load_state_dict(torch.load(folder / f"{model_name}.pth"))
    system, batches, _ = train.assemble(model, spec, Corpus(folder, {}))
    batches.shuffle = False
    system.train_loader.dataset.mixtures.sort(key=lambda mixture: int(mixture.id.removeprefix("train")))
    run = folder / f"run-{precision}"
    run.mkdir()
    plan = Plan(epochs=1000, device=torch.device("cpu"), clip_norm=5.0, precision=precision, tensorboard=True)
    fit(system, run, batches=batches, plan=plan)


class Side:
    """One process that makes a step whenever it is asked to."""

    def __init__(self, name: str, model_name: str, folder: Path, threads: int) -> None:
        words, environment = SIDES[name]
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", __file__, "--worker", *words, model_name, str(folder), str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if os.environ.get("SEP_BENCH_QUIET", "1") == "1" else None,
            text=True,
            env={**os.environ, **environment},
        )

    def step(self) -> tuple[float, float, float]:
        """Seconds, loss, and peak memory in MiB so far."""
        with contextlib.suppress(BrokenPipeError):
            print("go", file=self.process.stdin, flush=True)
        for line in self.process.stdout:
            if line.startswith("["):
                seconds, loss, peak = json.loads(line)
                return seconds, loss, peak
        reason = "no memory was left" if self.process.wait() == -signal.SIGKILL else "to see why: SEP_BENCH_QUIET=0"
        raise SystemExit(f"A side has ended; {reason}")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


def compare(model_name: str, rounds: int, threads: int, names: list[str]) -> list[str]:
    """The rows of one model."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_corpus(folder)
        sides: dict[str, Side] = {}
        losses, peaks, seconds = {}, {}, {key: [] for key in names}
        try:
            for key in names:
                sides[key] = Side(key, model_name, folder, threads)
                _, losses[key], _ = sides[key].step()  # also the warm-up
            for key, loss in losses.items():
                if abs(loss - losses[names[0]]) > (0.5 if "bf16" in key else 0.001):
                    raise SystemExit(f"The losses disagree: {losses}")
            for _ in range(rounds):
                for key, side in sides.items():
                    spent, _, peaks[key] = side.step()
                    seconds[key].append(spent)
        finally:
            for side in sides.values():
                side.close()
    return [
        f"| {model_name} | {threads} | {_cells(model_name, key, seconds)} | {peaks[key]:.0f} | {losses[key]:.3f} |"
        for key in names
    ]


def _cells(model_name: str, key: str, seconds: dict[str, list[float]]) -> str:
    """Name, seconds, ratios and goal of a side."""
    ratios = [
        statistics.median(a / b for a, b in zip(seconds[other], seconds[key], strict=True))
        for other in ("asteroid", "asteroid, memory kept")
        if other in seconds
    ]
    goal = GOALS.get((model_name, key.removeprefix("sep ")), "") if key.startswith("sep") else ""
    shown = " | ".join(f"{ratio:.2f}" for ratio in ratios)
    return f"{key} | {statistics.median(seconds[key]):.2f} | {shown} | {goal}"


def main() -> None:
    if sys.argv[1:2] == ["--worker"]:
        side, precision, model_name, folder, threads = sys.argv[2:]
        if side == "sep":
            from separate_cli.inference.process import TRAINING_BYTES, tune_process

            tune_process(TRAINING_BYTES)
        import torch

        torch.set_num_threads(int(threads))
        if side == "sep":
            run_sep(model_name, Path(folder), precision)
        else:
            run_asteroid(model_name, Path(folder))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=["ConvTasNet", "DPRNNTasNet"], metavar="NAME")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--sides", nargs="+", default=list(SIDES), choices=list(SIDES), metavar="SIDE")
    options = parser.parse_args()
    print("| model | threads | side | s a step | × asteroid | × asteroid, memory kept | goal | peak MiB | first loss |")
    print("|---|---|---|---|---|---|---|---|---|")
    for model_name in options.models:
        for row in compare(model_name, options.rounds, options.threads, options.sides):
            print(row, flush=True)


if __name__ == "__main__":
    main()
