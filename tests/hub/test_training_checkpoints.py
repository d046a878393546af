"""Lightning checkpoints of Asteroid's recipes: architecture from their configuration, as each recipe words it."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from separate_cli import models
from separate_cli.hub import load_model
from tiny_models import TINY

DATA: dict[str, Any] = {"train_dir": "data/tr", "sample_rate": 8000, "n_src": 2, "segment": 3}
BANK = {"n_filters": 16, "kernel_size": 8, "stride": 4}
CHUNKS = {"in_chan": 16, "out_chan": 16, "chunk_size": 10, "hop_size": 5, "n_repeats": 1, "bidirectional": True}
SPECTRA = {"stft_n_filters": 64, "stft_kernel_size": 64, "stft_stride": 16}
MUSIC = {"pretrained": None, "bidirectional": True, "window_length": 64, "in_chan": 64, "nhop": 16, "hidden_size": 8}
CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "ConvTasNet": {
        "filterbank": BANK,
        "masknet": {"n_blocks": 2, "n_repeats": 1, "mask_act": "relu", "bn_chan": 8, "skip_chan": 8, "hid_chan": 8},
    },
    "DPRNNTasNet": {
        "filterbank": BANK,
        "masknet": {**CHUNKS, "bn_chan": 8, "hid_size": 8, "mask_act": "sigmoid", "dropout": 0},
    },
    "DPTNet": {
        "filterbank": BANK,
        "masknet": {**CHUNKS, "ff_hid": 8, "ff_activation": "relu", "norm_type": "gLN", "mask_act": "sigmoid"},
        "scheduler": {"steps_per_epoch": 10000, "d_model": 64},
    },
    "SuDORMRFNet": {
        "filterbank": {"fb_name": "free", "n_filters": 16, "kernel_size": 9, "stride": 7},
        "masknet": {"bn_chan": 8, "num_blocks": 1, "upsampling_depth": 3, "mask_act": "softmax", "in_chan": 16},
    },
    "DCUNet": {"filterbank": SPECTRA, "masknet": {"architecture": "mini", "fix_length_mode": "pad"}},
    "DCCRNet": {"filterbank": SPECTRA, "masknet": {"architecture": "mini"}},
    "DeMask": {
        "filterbank": {"fb_type": "stft", "n_filters": 16, "kernel_size": 16, "stride": 8},
        "demask_net": {"input_type": "mag", "hidden_dims": [8], "dropout": 0, "norm_type": "gLN"},
        "data": {"fs": 16000, "length": 4},
    },
    "FasNetTAC": {
        "net": {key: value for key, value in TINY["FasNetTAC"][1].items() if key != "sample_rate"}
        | {"samplerate": 4000},
        "data": {"samplerate": 4000, "train_json": "data/train.json"},
    },
    "MultiDecoderDPRNN": {
        "filterbank": BANK,
        "masknet": {"n_srcs": [2, 3], "bn_chan": 8, "hid_size": 8, "n_repeats": 1, "use_mulcat": False},
        "data": {"sample_rate": 8000, "seglen": 4.0},
    },
    "XUMX": {
        "model": {**MUSIC, "bandwidth": 2000, "nb_channels": 2, "spec_power": 1},
        "data": {"sample_rate": 8000, "sources": ["bass", "other"], "seq_dur": 6.0},
    },
}
BUILT: dict[str, dict[str, Any]] = {
    "DPTNet": {**BANK, "n_src": 2, "ff_hid": 8, "chunk_size": 10, "hop_size": 5, "n_repeats": 1, "mask_act": "sigmoid"},
    "SuDORMRFNet": {
        "n_src": 2,
        "n_filters": 16,
        "kernel_size": 9,
        "bn_chan": 8,
        "num_blocks": 1,
        "upsampling_depth": 3,
    },
    "DeMask": {"n_filters": 16, "kernel_size": 16, "stride": 8, "hidden_dims": [8]},
    "FasNetTAC": TINY["FasNetTAC"][1],
    "XUMX": {"sources": ["bass", "other"], "window_length": 64, "in_chan": 64, "n_hop": 16, "hidden_size": 8}
    | {"max_bin": 17, "sample_rate": 8000},
}
"""What is built where it is not simply all sections together; 2000 Hz are 17 of 33 bins at 8 kHz."""


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_training_checkpoints_of_recipes_load_through_their_classes(name: str) -> None:
    config: dict[str, Any] = {"data": DATA} | CONFIGURATIONS[name]
    sections = {key: value for part in ("filterbank", "masknet") for key, value in config.get(part, {}).items()}
    cls = models.get(name)
    sources = {"n_src": 2} if "n_src" in config["data"] else {}
    trained = cls(**BUILT.get(name, sections | sources)).eval()
    content = {
        "state_dict": {f"model.{key}": value for key, value in trained.state_dict().items()},
        "training_config": config | {"optim": {"lr": 0.001}, "main_args": {"exp_dir": "exp/tmp"}},
        "epoch": 3,
    }
    loaded = load_model(content, model_name=name)
    wav = torch.randn(1, trained.in_channels or 2, 900)
    torch.testing.assert_close(loaded.model(wav), trained(wav))
    assert loaded.header.recipe["optim"] == {"lr": 0.001}
