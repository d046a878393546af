"""The table of ``docs/reference/models/index.md``: sizes, costs and reach of all models with their default arguments.

    python examples/model_table.py

Multiply-accumulates are those of matrix products and convolutions in one second of sound, counted by PyTorch
(``torch.utils.flop_counter``) and, for recurrent layers, from their weights: one product a weight and step.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from separate_cli import Separator, models
from separate_cli.hub.export_forms import example_inputs

ARGUMENTS: dict[str, dict[str, object]] = {
    "Chimera": {"n_src": 2},
    "ConvTasNet": {"n_src": 2},
    "DCCRNet": {"architecture": "DCCRN-CL"},
    "DCUNet": {"architecture": "DCUNet-20"},
    "DPRNNTasNet": {"n_src": 2},
    "DPTNet": {"n_src": 2},
    "FasNetTAC": {"n_src": 2},
    "LSTMTasNet": {"n_src": 2},
    "MultiDecoderDPRNN": {"n_srcs": [2, 3, 4, 5]},
    "SuDORMRFImprovedNet": {"n_src": 2},
    "SuDORMRFNet": {"n_src": 2},
    "VADNet": {"n_src": 1},
    "XUMX": {"sources": ["bass", "drums", "vocals", "other"]},
}
"""What the constructors ask for; everything else is left at its default."""
UNCOUNTED = {"CaCGMM": "no weights"}
SECONDS = 1.0
RECURRENT = (nn.RNN, nn.LSTM, nn.GRU)


def multiply_accumulates(model: Separator) -> float:
    """In one second of sound of one example."""
    recurrent = 0.0

    def count(layer: nn.Module, inputs: tuple[Tensor, ...], _: object) -> None:
        nonlocal recurrent
        weights = sum(value.numel() for name, value in layer.named_parameters() if "weight" in name)
        recurrent += weights * inputs[0].shape[0] * inputs[0].shape[1]  # steps of all rows

    hooks = [layer.register_forward_hook(count) for layer in model.modules() if isinstance(layer, RECURRENT)]
    counter = FlopCounterMode(display=False)
    with counter:
        # With gradients: the plain form, in operations that the counter knows.
        model(*example_inputs(model, 1, SECONDS).values())
    for hook in hooks:
        hook.remove()
    inside = sum(
        flops for name, row in counter.get_flop_counts().items() if _is_recurrent(model, name) for flops in row.values()
    )
    return (counter.get_total_flops() - inside) / 2 + recurrent


def _is_recurrent(model: nn.Module, dotted: str) -> bool:
    path = dotted.partition(".")[2]
    return bool(path) and isinstance(dict(model.named_modules()).get(path), RECURRENT)


def reach(samples: int | None, rate: float) -> str:
    """Samples as milliseconds; None is the whole signal."""
    return "all" if samples is None else f"{1000 * samples / rate:.0f} ms"


def row(name: str) -> str:
    """One line of the table."""
    torch.manual_seed(0)
    model = models.get(name)(**ARGUMENTS.get(name, {})).eval()
    parameters = sum(value.numel() for value in model.parameters() if value.requires_grad)
    cost = UNCOUNTED.get(name) or f"{multiply_accumulates(model) / 1e9:.2f} G"
    given = ", ".join(f"{key}={value!r}" for key, value in ARGUMENTS.get(name, {}).items())
    cells = [
        f"`{name}({given})`",
        f"{model.sample_rate:g} Hz",
        f"{parameters:,}",
        cost,
        reach(model.lookbehind_samples, model.sample_rate),
        reach(model.lookahead_samples, model.sample_rate),
    ]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print the table."""
    print("| model | rate | parameters | multiply-accumulates a second | hears back | hears ahead |")
    print("|---|---|---|---|---|---|")
    for name in models.available():
        print(row(name))


if __name__ == "__main__":
    main()
