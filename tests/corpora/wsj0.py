"""WSJ0's layout: SET/SPEAKER/UTTERANCE.wav, or SPHERE files as on the discs; and the lists of its mixtures."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from corpora.signals import voice, write
from corpora.sphere import write_packed, write_plain

UTTERANCES = {
    "tr": ("si_tr_s/01t/01to030v", "si_tr_s/20g/20ga010m", "si_tr_s/40e/40ec020o"),
    "cv": ("si_tr_s/01m/01mc020p", "si_tr_s/20l/20lo010m", "si_tr_s/40n/40na010x"),
    "tt": ("si_et_05/445/445c0206", "si_dt_05/22g/22gc0105", "si_et_05/442/442c0203"),
}


def make(root: Path, *, form: str = "wav", frames: int = 6000) -> Path:
    """Make a tiny WSJ0: ``form`` is ``wav``, ``sphere`` or ``packed``."""
    for number, name in enumerate(name for names in UTTERANCES.values() for name in names):
        wave = np.rint(32768 * voice(number, frames + 701 * number)).astype(np.int16)
        if form == "wav":
            write(root / f"{name}.wav", wave, 16000, subtype="PCM_16")
        else:
            (write_plain if form == "sphere" else write_packed)(root / "11-1.1" / "wsj0" / f"{name}.wv1", wave)
    return root


def make_lists(folder: Path, *, n_src: int = 2) -> Path:
    """The official text lists: path, level, path, level."""
    folder.mkdir(parents=True, exist_ok=True)
    for part, names in UTTERANCES.items():
        rng = np.random.default_rng(len(part) + n_src)
        lines = []
        for shift in range(2):
            levels = [f"{level:.5g}" for level in rng.uniform(-2.5, 2.5, n_src)]
            chosen = [names[(shift + i) % 3] for i in range(n_src)]
            lines.append(" ".join(f"wsj0/{name}.wav {level}" for name, level in zip(chosen, levels, strict=True)) + " ")
        (folder / f"mix_{n_src}_spk_{part}.txt").write_text("\n".join(lines) + "\n")
    return folder


def make_levels(folder: Path) -> Path:
    """Active levels as the official lists have them, for all but one utterance."""
    (folder / "activlev").mkdir(parents=True, exist_ok=True)
    for part, names in UTTERANCES.items():
        lines = [f"{Path(name).name} {0.001 * (i + 1)}" for i, name in enumerate(names)]
        (folder / "activlev" / f"activlev_{part}.txt").write_text("\n".join(lines) + "\n")
    return folder


def make_wham(scripts: Path, noise: Path) -> None:
    """WHAM!'s lists, and the levels that come with its noise, of whose files there is one a row."""
    from corpora.signals import hiss

    for part, names in UTTERANCES.items():
        rng = np.random.default_rng(len(names[0]))
        rows = [(names[i], names[(i + 1) % 3]) for i in range(2)]
        files = [f"{Path(a).name}_{0.5 + i}_{Path(b).name}_{-0.5 - i}.wav" for i, (a, b) in enumerate(rows)]
        scripts.mkdir(parents=True, exist_ok=True)
        with (scripts / f"mix_2_spk_filenames_{part}.csv").open("w", newline="") as stream:
            table = csv.writer(stream)
            table.writerow(["output_filename", "s1_path", "s2_path"])
            table.writerows([file, f"wsj0/{a}.wav", f"wsj0/{b}.wav"] for file, (a, b) in zip(files, rows, strict=True))
        for number, file in enumerate(files):
            write(noise / part / file, hiss(number, 21000, channels=2))
        arrays = {"utterance_id": np.array(files, dtype=object), "speech_start_sample_16k": np.array([801, 1500])}
        for key in ("8k_min", "8k_max", "16k_min", "16k_max"):
            arrays[f"scaling_wsjmix_{key}"] = rng.uniform(0.5, 2, (2, 2))
            arrays[f"scaling_wham_speech_{key}"] = rng.uniform(0.5, 1, 2)
            arrays[f"scaling_wham_noise_{key}"] = rng.uniform(0.5, 2, 2)
        (noise / "metadata").mkdir(parents=True, exist_ok=True)
        np.savez(noise / "metadata" / f"scaling_{part}.npz", **arrays)
        with (scripts / f"reverb_params_{part}.csv").open("w", newline="") as stream:
            table = csv.writer(stream)
            axes = [f"{what}_{axis}" for what in ("room", "s1", "s2") for axis in "xyz"]
            table.writerow(["utterance_id", *axes, "micL_x", "micL_y", "micR_x", "micR_y", "mic_z", "T60"])
            for file in files:
                table.writerow([file, 4.0, 5.0, 2.6, 1.0, 1.5, 1.5, 3.0, 3.5, 1.7, 2.0, 2.4, 2.2, 2.4, 1.6, 0.15])
