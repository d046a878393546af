"""Whether our training learns as well as Asteroid's: same mixtures, model, optimizer, loss and number of steps.

    python benchmarks/learning.py SPEECH_FOLDER

Needs ``asteroid`` beside the package and a folder of speech in LibriSpeech's layout, at least 20 speakers. Mixtures of
two speakers are made once, 2 s at 8 kHz, with other speakers for validation. Each side trains a small Conv-TasNet from
each seed in a process of its own, through its own data set, ``System`` and trainer, with its own order of examples; all
best weights are then scored by one function: SI-SDR of the best assignment, mean over the validation mixtures, in dB.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

RATE, FRAMES, BATCH = 8000, 16000, 4
NETWORK = {
    "n_src": 2, "n_filters": 64, "kernel_size": 32, "stride": 16, "bn_chan": 32, "hid_chan": 64, "skip_chan": 32,
    "n_blocks": 5, "n_repeats": 2,
}  # fmt: skip
LR, CLIP = 3e-3, 5.0


def write_corpus(speech: Path, folder: Path, train: int, valid: int) -> None:
    """Mixtures as WAV files, with lists for both sides."""
    import numpy as np
    import soundfile
    import soxr

    from separate_cli.data.mixtures import Mixture, Piece, write_mixtures

    rng = np.random.default_rng(0)
    files: dict[str, list[Path]] = {}
    for path in sorted(speech.rglob("*.flac")):
        files.setdefault(path.name.split("-")[0], []).append(path)
    speakers = sorted(files)
    split = max(2, len(speakers) // 5)
    groups = {"valid": speakers[:split], "train": speakers[split:]}

    def excerpt(speaker: str) -> Any:
        while True:
            path = files[speaker][int(rng.integers(len(files[speaker])))]
            wave, rate = soundfile.read(path, dtype="float32")
            wave = soxr.resample(wave, rate, RATE)
            if len(wave) >= FRAMES:
                start = int(rng.integers(len(wave) - FRAMES + 1))
                wave = wave[start : start + FRAMES]
                if wave.std() > 1e-3:
                    return 0.05 * wave / wave.std() * 10 ** (rng.uniform(-2.5, 2.5) / 20)

    mixtures = []
    (folder / "csv").mkdir(parents=True)
    for part, count in (("train", train), ("valid", valid)):
        rows = ["mixture_ID,mixture_path,source_1_path,source_2_path,length"]
        for number in range(count):
            pair = [excerpt(str(speaker)) for speaker in rng.choice(groups[part], 2, replace=False)]
            waves = {"mix_clean": pair[0] + pair[1], "s1": pair[0], "s2": pair[1]}
            paths = {name: folder / f"{part}{number}_{name}.wav" for name in waves}
            for name, wave in waves.items():
                soundfile.write(paths[name], wave, RATE, subtype="FLOAT")
            rows.append(",".join([f"{part}{number}", *map(str, paths.values()), str(FRAMES)]))
            pieces = {name: Piece(path.name) for name, path in paths.items()}
            mixtures.append(Mixture(f"{part}{number}", part, RATE, FRAMES, pieces, speakers=("a", "b")))
        (folder / "csv" / part).mkdir()
        (folder / "csv" / part / "mixture_mix_clean.csv").write_text("\n".join(rows) + "\n")
    write_mixtures(folder / "mixtures.jsonl", mixtures)


def train_asteroid(folder: Path, seed: int, epochs: int, weights: Path) -> None:
    import pytorch_lightning as pl
    import torch
    from asteroid.data import LibriMix
    from asteroid.engine import System, make_optimizer
    from asteroid.losses import PITLossWrapper, pairwise_neg_sisdr
    from asteroid.models import ConvTasNet
    from torch.utils.data import DataLoader

    pl.seed_everything(seed)
    loaders = [
        DataLoader(
            LibriMix(folder / "csv" / part, "sep_clean", RATE, 2, FRAMES / RATE),
            batch_size=BATCH,
            shuffle=part == "train",
            drop_last=part == "train",
        )
        for part in ("train", "valid")
    ]
    model = ConvTasNet(**NETWORK)
    optimizer = make_optimizer(model.parameters(), "adam", lr=LR, weight_decay=0.0)
    loss = PITLossWrapper(pairwise_neg_sisdr, pit_from="pw_mtx")
    best = pl.callbacks.ModelCheckpoint(folder / f"asteroid{seed}", monitor="val_loss", save_top_k=1)
    trainer = pl.Trainer(
        max_epochs=epochs, accelerator="cpu", devices=1, gradient_clip_val=CLIP, default_root_dir=folder,
        callbacks=[best], enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    trainer.fit(System(model, optimizer, loss, *loaders))
    state = torch.load(best.best_model_path, weights_only=False)["state_dict"]
    torch.save({key.removeprefix("model."): value for key, value in state.items() if key.startswith("model.")}, weights)


def train_sep(folder: Path, seed: int, epochs: int, weights: Path, precision: str) -> None:
    import torch

    from separate_cli.data.corpus import Corpus
    from separate_cli.engine.fitting import Plan, fit
    from separate_cli.specs.train import TrainSpec
    from separate_cli.stages.train import assemble, make_model

    spec = TrainSpec.model_validate(
        {
            "examples": {"kind": "mixtures", "segment_seconds": FRAMES / RATE},
            "model": {"name": "ConvTasNet", "args": NETWORK},
            "loss": {"pairwise_neg_sisdr": {}},
            "optimizer": {"name": "adam", "lr": LR}, "schedule": {"kind": "constant"},
            "batch_size": BATCH, "epochs": epochs, "seed": seed, "device": "cpu", "workers": 0,
        }
    )  # fmt: skip
    model = make_model(spec)
    system, batches, _ = assemble(model, spec, Corpus(folder, {}))
    run = folder / f"sep-{precision}-{seed}"
    run.mkdir()
    plan = Plan(epochs=epochs, device=torch.device("cpu"), clip_norm=CLIP, seed=seed, precision=precision)
    fit(system, run, batches=batches, plan=plan)
    torch.save(model.state_dict(), weights)


def score(folder: Path, weights: Path) -> float:
    """Mean SI-SDR of the validation mixtures, in dB."""
    import torch

    from separate_cli.data.corpus import Corpus
    from separate_cli.data.examples import make_examples
    from separate_cli.losses import PITLossWrapper, pairwise_neg_sisdr
    from separate_cli.models.conv_tasnet import ConvTasNet
    from separate_cli.specs.examples import MixtureExamples

    model = ConvTasNet(**NETWORK).eval()
    model.load_state_dict(torch.load(weights))
    spec = MixtureExamples(segment_seconds=FRAMES / RATE)
    examples = make_examples(spec, Corpus(folder, {}), part="valid", seed=0)
    loss = PITLossWrapper(pairwise_neg_sisdr)
    with torch.no_grad():
        values = [
            -float(loss(model(mixture[None]), sources[None]))
            for mixture, sources in (examples[i] for i in range(len(examples)))
        ]
    return statistics.mean(values)


def main() -> None:
    if sys.argv[1:2] == ["--worker"]:
        side, folder, seed, epochs, weights = sys.argv[2:]
        if side == "asteroid":
            train_asteroid(Path(folder), int(seed), int(epochs), Path(weights))
        else:
            train_sep(Path(folder), int(seed), int(epochs), Path(weights), side.removeprefix("sep "))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("speech", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--train", type=int, default=480, help="mixtures to train on")
    parser.add_argument("--valid", type=int, default=60, help="mixtures to validate on")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--sides", nargs="+", default=["asteroid", "sep 32", "sep bf16"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_corpus(options.speech, folder, options.train, options.valid)
        print(
            f"{options.train // BATCH * options.epochs} steps of {BATCH} x {FRAMES / RATE:g} s; validation SI-SDR, dB\n"
        )
        print("| side | " + " | ".join(f"seed {seed}" for seed in options.seeds) + " | mean | spread |")
        print("|---|" + "---|" * (len(options.seeds) + 2))
        for side in options.sides:
            values = []
            for seed in options.seeds:
                weights = folder / f"{side}-{seed}.pth".replace(" ", "-")
                subprocess.run(
                    [
                        sys.executable,
                        "-W",
                        "ignore",
                        __file__,
                        "--worker",
                        side,
                        name,
                        str(seed),
                        str(options.epochs),
                        str(weights),
                    ],
                    check=True,
                    stdout=subprocess.DEVNULL,
                    stderr=None if os.environ.get("SEP_BENCH_QUIET") == "0" else subprocess.DEVNULL,
                )
                values.append(score(folder, weights))
            spread = max(values) - min(values)
            cells = " | ".join(f"{value:.2f}" for value in values)
            print(f"| {side} | {cells} | {statistics.mean(values):.2f} | {spread:.2f} |", flush=True)


if __name__ == "__main__":
    main()
