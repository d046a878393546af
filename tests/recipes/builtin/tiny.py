"""How every built-in recipe is run in seconds: a tiny corpus of its true layout, a small model, two steps."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from corpora import (
    avspeech,
    damp_vsep,
    fuss,
    kinect_wsj,
    librimix,
    librispeech,
    librivad,
    mini_librimix,
    musdb18,
    sms_wsj,
    tac,
    wham_noise,
    wsj0,
)
from corpora.signals import hiss, voice, write
from separate_cli.pipeline.plan import make_plan
from separate_cli.pipeline.record import Record
from separate_cli.pipeline.runner import run_plan
from separate_cli.recipes.load import load_recipe
from separate_cli.recipes.recipe import Recipe
from separate_cli.stages.assemble import assemble

SMALL: dict[str, dict[str, Any]] = {
    "CaCGMM": {"n_iter": 3},
    "Chimera": {"hidden_size": 8, "n_layers": 1, "embedding_dim": 4},
    "ConvTasNet": {"n_filters": 16, "bn_chan": 8, "hid_chan": 8, "skip_chan": 8, "n_blocks": 1, "n_repeats": 1},
    "DCCRNet": {"architecture": "mini"},
    "DCUNet": {"architecture": "mini"},
    "DNSBaseline": {"hidden_size": 8, "n_layers": 1},
    "DPRNNTasNet": {"n_filters": 16, "kernel_size": 16, "stride": 8, "bn_chan": 8, "hid_size": 8, "n_repeats": 1},
    "DPTNet": {"n_filters": 16, "n_heads": 2, "ff_hid": 8, "n_repeats": 1},
    "DeMask": {"hidden_dims": [8]},
    "FasNetTAC": {"enc_dim": 8, "feature_dim": 8, "hidden_dim": 8, "n_layers": 1, "tac_hidden_dim": 8},
    "LSTMTasNet": {"n_filters": 16, "hid_size": 8, "n_layers": 1},
    "LookingToListen": {"audio_chan": 2, "audio_out_chan": 2, "video_chan": 4, "hid_size": 8, "dense_size": 8},
    "MultiDecoderDPRNN": {"n_filters": 16, "bn_chan": 8, "hid_size": 8, "n_repeats": 1},
    "SuDORMRFImprovedNet": {"n_filters": 16, "bn_chan": 8, "num_blocks": 1, "upsampling_depth": 2},
    "SuDORMRFNet": {"n_filters": 16, "bn_chan": 8, "num_blocks": 1, "upsampling_depth": 2},
    "TwoStepTDCN": {"n_filters": 16, "bn_chan": 8, "hid_chan": 8, "n_blocks": 1, "n_repeats": 1},
    "VADNet": {"n_filters": 16, "bn_chan": 8, "hid_chan": 8, "skip_chan": 8, "n_blocks": 1, "n_repeats": 1},
    "XUMX": {"hidden_size": 8, "nb_layers": 1},
}
"""Model → arguments that make it small."""

FEWER: dict[str, dict[str, Any]] = {
    "dns": {"n_train": 4, "n_valid": 2, "n_test": 2, "seconds": 0.6, "min_seconds": 0.1},
    "folder": {"n_valid": 2, "n_test": 2},
}
"""Kind of a corpus → fields that make it small."""


def run(name: str, root: Path, *more: str) -> dict[str, Record]:
    """Make the recipe's corpus in ``root``, then prepare, train two steps, and evaluate."""
    recipe = load_recipe(name)
    make_corpus(recipe, root)
    small = load_recipe(name, [*shrunk(recipe), *more])
    plan = make_plan(assemble(small), workspace=root, run=name)
    return {record.stage: record for record in run_plan(plan)}


def shrunk(recipe: Recipe) -> Iterator[str]:
    """Overrides for two steps of a small model."""
    for section in recipe.sections:
        fields: dict[str, Any] = {}
        if section.verb == "prepare":
            fields = {"executor": "local:1", **FEWER.get(section.spec.model_dump()["kind"], {})}
        elif section.verb == "train":
            spec = section.spec.model_dump()
            fields = {"batch_size": 2, "epochs": 1, "device": "cpu", "workers": 0, "tensorboard": False, "samples": 1}
            fields |= {f"model.args.{arg}": value for arg, value in SMALL[spec["model"]["name"]].items()}
            seconds = 0.5 if any(term["name"] == "SingleSrcNegSTOI" for term in spec["loss"].values()) else 0.25
            fields |= {f"examples.{key}": value for key, value in _few(spec["examples"], seconds).items()}
        elif section.verb == "eval":
            metric = "sdr_v4" if section.spec.model_dump().get("kind") == "music" else "si_sdr"
            fields = {"device": "cpu", "workers": 1, "saved_examples": 1}
            fields |= {"metrics": [metric]} if "metrics" in section.spec.model_dump() else {}
            baseline = section.spec.model_dump()["baseline"]
            fields |= {f"baseline.args.{arg}": v for arg, v in SMALL[baseline["name"]].items()} if baseline else {}
        yield from (f"{section.name}.{field}={json.dumps(value)}" for field, value in fields.items())


def _few(examples: dict[str, Any], seconds: float) -> dict[str, Any]:
    count = {"examples_per_track": 2} if "examples_per_track" in examples else {"examples_per_epoch": 4}
    return {**count, "valid_examples": 2, "segment_seconds": seconds}


def make_corpus(recipe: Recipe, root: Path) -> None:
    """A tiny corpus of the true layout where the recipe looks for it."""
    CORPORA[str(recipe["prepare"].model_dump()["kind"])](recipe, root)


def _librimix(recipe: Recipe, root: Path) -> None:
    spec = recipe["prepare"].model_dump()
    speakers = {"train": ("103", "1034", "26"), "valid": ("84", "174", "251"), "test": ("61", "121", "237")}
    subsets = {subset: speakers[part] for subset, part in spec["subsets"].items()}
    speech = librispeech.make(root / "data" / "LibriSpeech", subsets=subsets, takes=1, frames=12000)
    noise = wham_noise.make(root / "data" / "wham_noise")
    librimix.make(root / spec["lists"], speech, noise, n_src=spec["n_src"], rows=3)


def _demask(recipe: Recipe, root: Path) -> None:
    subsets = {"train-clean-360": ("103", "1034"), "dev-clean": ("84", "174"), "test-clean": ("61", "121")}
    librispeech.make(root / "data" / "LibriSpeech", subsets=subsets, takes=1, frames=20000)


def _own(recipe: Recipe, root: Path) -> None:
    speakers = [str(100 + number) for number in range(20)]
    librispeech.make(root / "data" / "speech", subsets={"all": speakers}, takes=1, frames=20000)


def _dns(recipe: Recipe, root: Path) -> None:
    folders = {role: next(iter(recipe["prepare"].model_dump()[role].values()))["path"] for role in ("speech", "noise")}
    for number in range(30):
        write(root / folders["speech"] / f"book{number}.wav", voice(number, 8000))
        write(root / folders["noise"] / f"noise{number}.wav", hiss(number, 8000))


def _wham(recipe: Recipe, root: Path) -> None:
    spec = recipe["prepare"].model_dump()
    wsj0.make(root / "data" / "wsj0", frames=12000)
    wsj0.make_wham(root / spec["lists"], root / "data" / "wham_noise")


def _wsj0mix(recipe: Recipe, root: Path) -> None:
    spec = recipe["prepare"].model_dump()
    wsj0.make(root / "data" / "wsj0", frames=12000)
    for n_src in (spec["n_src"], *spec["also"]):
        wsj0.make_lists(root / spec["lists"], n_src=n_src)


def _at(make: Callable[[Path], Path], folder: str) -> Callable[[Recipe, Path], object]:
    return lambda recipe, root: make(root / "data" / folder)


CORPORA: dict[str, Callable[[Recipe, Path], object]] = {
    "avspeech": _at(avspeech.make, "AVSpeech"),
    "damp-vsep": _at(damp_vsep.make, "DAMP-VSEP"),
    "demask": _demask,
    "dns": _dns,
    "folder": _own,
    "fuss": _at(fuss.make, "FUSS"),
    "kinect-wsj": _at(kinect_wsj.make, "Kinect-WSJ"),
    "librimix": _librimix,
    "librivad": _at(librivad.make, "Libri_VAD"),
    "minilibrimix": lambda recipe, root: mini_librimix.make(root / "data"),
    "musdb18": _at(musdb18.make, "MUSDB18-HQ"),
    "sms-wsj": _at(sms_wsj.make, "sms_wsj"),
    "tac": _at(tac.make, "MC_Libri_adhoc"),
    "wham": _wham,
    "whamr": _wham,
    "wsj0mix": _wsj0mix,
}
"""Kind of a corpus → what makes it."""
