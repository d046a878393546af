"""From an Asteroid checkpoint to a file that runs anywhere: load, separate, export to ONNX, compare.

    python examples/asteroid_to_onnx.py [best_model.pth]

Needs the extra onnx: pip install 'separate-cli[onnx]'. Without an argument, a small untrained Conv-TasNet in
Asteroid's file format is made first. The cells (``# %%``) run one by one in an editor that knows them.
"""

# %% A checkpoint as Asteroid's recipes publish it
from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from separate_cli import ConvTasNet, from_pretrained
from separate_cli.hub import save_checkpoint
from separate_cli.hub.export import export_model

folder = Path(tempfile.mkdtemp())


def small_checkpoint(path: Path) -> Path:
    """Write an untrained Conv-TasNet the way Asteroid does, and say where."""
    torch.manual_seed(0)
    model = ConvTasNet(n_src=2, n_filters=64, bn_chan=32, hid_chan=64, skip_chan=32, n_blocks=4, n_repeats=2)
    published = {
        "model_name": "ConvTasNet",
        "model_args": {**model.get_model_args(), "fb_name": "FreeFB"},
        "state_dict": model.state_dict(),
        "dataset": "Libri2Mix",
        "task": "sep_clean",
        "licenses": [],
    }
    torch.save(published, path)
    return path


arguments = [argument for argument in sys.argv[1:] if argument.endswith((".pth", ".bin", ".ckpt"))]
checkpoint = Path(arguments[0]) if arguments else small_checkpoint(folder / "best_model.pth")

# %% Load it: nothing in the file can run, the model comes back in eval mode
model = from_pretrained(checkpoint)
rate = int(model.sample_rate)
print(f"{type(model).__name__}: {model.n_sources} sources at {rate} Hz")

# %% Separate two seconds of two tones in noise, NumPy in and NumPy out
seconds = np.arange(2 * rate) / rate
tones = np.sin(2 * np.pi * 440 * seconds) + np.sin(2 * np.pi * 620 * seconds)
mixture = (0.1 * tones + 0.01 * np.random.default_rng(0).standard_normal(len(seconds))).astype(np.float32)
mixture = np.tile(mixture, (1, model.in_channels or 2, 1))  # (batch, channel, time)
estimates = model.separate(mixture, level="none")
print("estimates", estimates.shape)

# %% Keep it in a file that says everything about itself (or: sep model convert best_model.pth)
save_checkpoint(model, folder / "model.safetensors")

# %% Export it (or: sep model export best_model.pth); the file is checked at other sizes before it is kept
exported = export_model(model, folder / "model.onnx")
print(f"{exported.path.stat().st_size} bytes, operator set {exported.opset}, error {exported.relative_error:.1e}")

# %% Run it without PyTorch, and compare
session = onnxruntime.InferenceSession(str(exported.path), providers=["CPUExecutionProvider"])
(elsewhere,) = session.run(None, {"mixture": mixture})
difference = np.abs(elsewhere - estimates).max() / np.abs(estimates).max()
print(f"largest relative difference: {difference:.1e}")
if difference > 1e-4:
    raise SystemExit("The exported file disagrees with the model.")
