"""Tiny models in the forms in which models are published."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import torch

from separate_cli.hub import Dataset, save_checkpoint
from separate_cli.models.demask import DeMask

TINY = {"hidden_dims": [8], "n_filters": 16, "kernel_size": 16, "stride": 8, "norm_type": "cLN"}
LICENCES = [
    {"title": "LibriSpeech ASR corpus", "license": "CC BY 4.0", "author": "Vassil Panayotov", "non_commercial": False},
    {"title": "WHAM noise", "license": "CC BY-NC 4.0", "author": "Whisper.ai", "non_commercial": True},
]


def tiny_model(seed: int = 0) -> DeMask:
    torch.manual_seed(seed)
    return DeMask(**TINY).eval()


def asteroid_file(seed: int = 0, *, says_rate: bool = True, **more: Any) -> bytes:
    """A file as Asteroid publishes it, with the odd types that real ones hold."""
    model = tiny_model(seed)
    arguments = model.get_model_args()
    if not says_rate:
        del arguments["sample_rate"]
    content = {
        "model_name": "DeMask",
        "model_args": arguments,
        "state_dict": model.state_dict(),
        "dataset": "Libri1Mix",
        "task": "enh_single",
        "licenses": LICENCES,
        "infos": {
            "software_versions": {"torch_version": torch.__version__},
            "final_metrics": {"si_sdr": np.float64(9.5)},
            "license_note": '"x" is licensed under Attribution-ShareAlike 3.0 Unported by Jane.',
        },
        **more,
    }
    stream = io.BytesIO()
    torch.save(content, stream)
    return stream.getvalue()


def own_file(folder: Path, seed: int = 0, *, noise: str = "CC BY-NC 4.0", **about: Any) -> bytes:
    """A file as ``sep publish`` publishes it."""
    datasets = (Dataset(name="speech", licence="CC BY 4.0"), Dataset(name="noise", licence=noise))
    path = folder / f"own-{seed}.safetensors"
    save_checkpoint(tiny_model(seed), path, licence="CC BY 4.0", datasets=datasets, **about)
    return path.read_bytes()


ASTEROID_CARD = """---
tags:
- asteroid
- audio
- ConvTasNet
- audio-to-audio
datasets:
- Libri2Mix
- sep_noisy
license: cc-by-sa-4.0
---
## Asteroid model `{name}`

Description:

This model was trained by Somebody using the librimix recipe in [Asteroid](https://github.com/asteroid-team/asteroid).
It was trained on the `sep_noisy` task of the Libri2Mix dataset.

Training config:

```yml
data:
    n_src: 2
    sample_rate: 16000
    task: sep_noisy
optim:
    lr: 0.001
```

Results:

On Libri2Mix min test set :
```yml
'si_sdr': {si_sdr},
'si_sdr_imp': 12.55,
sdr' 11.2
sir: Infinity
sir_imp: NaN
stoi: 0.87
```

License notice:

This work "{name}" is a derivative of [LibriSpeech](x) by V. Panayotov, used under CC BY 4.0; of WHAM by Whisper.ai,
used under [CC BY-NC 4.0](x) (Research only). "{name}" is licensed under Attribution-ShareAlike 3.0 by Somebody.
"""
"""A card as the published models of Asteroid have one, with its oddities."""


def asteroid_description(*, si_sdr: float, restricted: bool = True) -> str:
    """A description as Asteroid's uploader writes it for Zenodo: HTML, not all of it sound."""
    comment = " (Research only)" if restricted else ""
    return (
        "<p><strong>Description: </strong></p>This model was trained by Somebody using the recipe in "
        '<a href="https://github.com/mpariente/asteroid">Asteroid</a>. </a>It was trained on the '
        "<code>sep_clean</code> task of the WHAM! dataset.</p><p>&nbsp;</p><p><strong>Training config:</strong></p>"
        "<ul><li>data: <ul><li>n_src: 2</li><li>sample_rate: 8000</li><li>task: sep_clean</li></il></ul><li>optim: <ul>"
        "<li>lr: 0.001</li></il></ul></ul><p><strong>Results:</strong></p><ul>"
        f"<li>si_sdr: {si_sdr} </li><li>si_sdr_imp: {si_sdr} </li><li>sir: inf </li><li>stoi: 0.96 </li></ul>"
        '<p><strong>License notice:</strong></p>This work "x" is a derivative of <a href="y">A corpus</a> by '
        f'<a href="z">Its authors</a>, used under <a href="y">its licence</a>{comment}. "x" is licensed under '
        '<a href="w">Attribution-ShareAlike 3.0 Unported</a> by Somebody.'
    )
