"""Other forms of our models against the plain one: sixteen bits, compiled, both. How fast, and how far off.

    python benchmarks/forms.py                                    # all, 4 s, 1 and 2 threads
    python benchmarks/forms.py --models ConvTasNet --threads 2 --forms autocast compiled

``ratio`` is the median over the rounds of the plain form's time by the other's: above 1, the other is faster. ``error``
is how far below the plain form's estimates the difference lies. ``compiling`` is what the first call takes. Weights are
random, but for the bundled ``demask``.
"""

from __future__ import annotations

import argparse
import copy
import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from separate_cli import from_pretrained, models

ARGUMENTS: dict[str, dict[str, Any]] = {
    "ConvTasNet": {"n_src": 2},
    "DPRNNTasNet": {"n_src": 2},
    "DPTNet": {"n_src": 2},
    "LSTMTasNet": {"n_src": 2},
    "SuDORMRFNet": {"n_src": 2},
    "SuDORMRFImprovedNet": {"n_src": 2},
    "DCCRNet": {"architecture": "DCCRN-CL"},
    "DCUNet": {"architecture": "DCUNet-20"},
    "XUMX": {"sources": ["bass", "drums", "vocals", "other"]},
    "demask": {},
}
Form = Callable[[Tensor], Tensor]


def in_autocast(model: nn.Module) -> Form:
    def run(wav: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            estimates: Tensor = model(wav)
        return estimates

    return run


def in_bfloat16(model: nn.Module) -> Form:
    narrow = copy.deepcopy(model).bfloat16()
    return lambda wav: narrow(wav.bfloat16())


FORMS: dict[str, Callable[[nn.Module], Form]] = {
    "autocast": in_autocast,
    "bfloat16": in_bfloat16,
    "compiled": torch.compile,
    "compiled autocast": lambda model: in_autocast(torch.compile(model)),  # type: ignore[arg-type]
}


def timed(form: Form, wav: Tensor) -> float:
    start = time.perf_counter()
    form(wav)
    return time.perf_counter() - start


def compare(name: str, form_name: str, seconds: float, threads: int, rounds: int) -> str:
    """One row of the table."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    plain = from_pretrained(name) if name.islower() else models.get(name)(**ARGUMENTS[name]).eval()
    wav = 0.1 * torch.randn(1, plain.in_channels or 2, int(seconds * plain.sample_rate))
    with torch.no_grad():
        expected = plain(wav)
        form = FORMS[form_name](plain)
        first = timed(form, wav)
        noise = (form(wav).float() - expected).square().sum()
        times = [(timed(plain, wav), timed(form, wav)) for _ in range(rounds)]
    error = 10 * torch.log10(expected.square().sum() / noise.clamp_min(torch.finfo(noise.dtype).tiny))
    ratio = statistics.median(a / b for a, b in times)
    own, other = (statistics.median(column) for column in zip(*times, strict=True))
    compiling = f"{first:.0f} s" if "compiled" in form_name else ""
    cells = [name, form_name, f"{threads}", f"{own:.3f}", f"{other:.3f}", f"{ratio:.2f}", f"-{error:.0f} dB", compiling]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=list(ARGUMENTS), choices=list(ARGUMENTS), metavar="NAME")
    parser.add_argument("--forms", nargs="+", default=list(FORMS), choices=list(FORMS), metavar="FORM")
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    print(
        "| model | form | threads | plain, s | form, s | ratio | error | compiling |\n|---|---|---|---|---|---|---|---|"
    )
    for name in options.models:
        for form in options.forms:
            for threads in options.threads:
                print(compare(name, form, options.seconds, threads, options.rounds), flush=True)


if __name__ == "__main__":
    main()
