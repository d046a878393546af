"""What every model promises, for tiny models of each kind: lengths, silence, arguments, tracing, training."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch

from separate_cli import models
from separate_cli.models import Separator


@dataclass(frozen=True)
class Case:
    """A tiny model, and what it is fed with."""

    model: str
    arguments: dict[str, Any]
    shapes: tuple[tuple[int, ...], ...] = ((), (2,), (2, 1))
    """Axes before time."""
    extra: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Further inputs of ``forward`` and their shapes after the batch."""
    channels: int = 0
    """Of the estimates; 0 for none."""
    trained: bool = True
    """Whether ``forward`` alone trains all of it."""
    traceable: bool = True

    def build(self) -> Separator:
        torch.manual_seed(0)
        return models.get(self.model)(**self.arguments).eval()

    def inputs(self, *leading: int, time: int, dtype: torch.dtype = torch.float32) -> tuple[torch.Tensor, ...]:
        generator = torch.Generator().manual_seed(time)
        batch = leading[:1]
        shapes = [(*leading, time), *((*batch, *shape) for shape in self.extra.values())]
        return tuple(torch.randn(shape, generator=generator, dtype=dtype) for shape in shapes)


STFT = {"stft_n_filters": 32, "stft_kernel_size": 32, "stft_stride": 8}
CASES = {
    "dcunet": Case("DCUNet", {"architecture": "mini", **STFT, "n_src": 2}),
    "dcunet trimmed": Case("DCUNet", {"architecture": "mini", **STFT, "fix_length_mode": "trim", "mask_bound": None}),
    "dccrnet": Case("DCCRNet", {"architecture": "mini", **STFT}),
    "fasnet": Case(
        "FasNetTAC",
        {"n_src": 2, "enc_dim": 6, "feature_dim": 6, "hidden_dim": 5, "n_layers": 1, "sample_rate": 2000}
        | {"context_ms": 8, "tac_hidden_dim": 7, "chunk_size": 6, "hop_size": 3},
        shapes=((), (2,), (2, 1), (2, 3)),
    ),
    "xumx": Case(
        "XUMX",
        {"sources": ["bass", "drums"], "window_length": 32, "in_chan": 32, "n_hop": 8, "hidden_size": 8, "max_bin": 9},
        shapes=((2, 2),),
        channels=2,
    ),
    "xumx mono": Case(
        "XUMX",
        {"sources": ["bass", "drums"], "window_length": 32, "in_chan": 32, "n_hop": 8, "hidden_size": 8}
        | {"nb_channels": 1, "bidirectional": False, "spec_power": 2},
        shapes=((), (2,)),
    ),
    "two-step": Case("TwoStepTDCN", {"n_filters": 8, "bn_chan": 6, "hid_chan": 7, "n_blocks": 2, "n_repeats": 1}),
    "chimera": Case(
        "Chimera",
        {"n_src": 2, "n_filters": 32, "kernel_size": 32, "stride": 8, "hidden_size": 8, "embedding_dim": 4},
        trained=False,
    ),
    "chimera clustering": Case(
        "Chimera",
        {"n_src": 2, "n_filters": 32, "kernel_size": 32, "stride": 8, "hidden_size": 8, "head": "clustering"},
        trained=False,
        traceable=False,
    ),
    "multi-decoder": Case(
        "MultiDecoderDPRNN",
        {"n_srcs": [2, 3], "bn_chan": 6, "hid_size": 5, "n_repeats": 2, "chunk_size": 6, "n_filters": 8},
        trained=False,
    ),
    "dns": Case("DNSBaseline", {"n_filters": 32, "kernel_size": 32, "stride": 8, "hidden_size": 9}),
    "looking to listen": Case(
        "LookingToListen",
        {"n_src": 2, "face_dim": 5, "n_filters": 32, "kernel_size": 32, "stride": 16, "audio_chan": 3}
        | {"video_chan": 4, "hid_size": 5, "dense_size": 6, "sample_rate": 400},
        extra={"faces": (2, 7, 5)},
    ),
    "cacgmm": Case(
        "CaCGMM",
        {"n_src": 2, "stft_size": 32, "stft_shift": 8, "n_iter": 3},
        shapes=((2, 3),),
        trained=False,
        traceable=False,
    ),
}
TRACEABLE = [name for name, case in CASES.items() if case.traceable]
TRAINED = [name for name, case in CASES.items() if case.trained]


@pytest.mark.parametrize("time", [1, 15, 33, 250])
@pytest.mark.parametrize("name", CASES)
def test_estimates_have_the_shape_and_the_length_of_the_input(name: str, time: int) -> None:
    case = CASES[name]
    model = case.build()
    for leading in case.shapes:
        with torch.inference_mode():
            estimates = model(*case.inputs(*leading, time=time))
        channels = (case.channels,) if case.channels else ()
        assert estimates.shape == (*leading[:1], model.n_sources, *channels, time)
        assert estimates.isfinite().all()


@pytest.mark.parametrize("name", CASES)
def test_silence_stays_silent(name: str) -> None:
    case = CASES[name]
    wav, *extra = case.inputs(*case.shapes[-1], time=100)
    with torch.inference_mode():
        assert not case.build()(torch.zeros_like(wav), *extra).any()


@pytest.mark.parametrize("name", CASES)
def test_stored_arguments_build_the_same_model_also_without_memory(name: str) -> None:
    model = CASES[name].build()
    stored = json.loads(json.dumps(model.get_model_args()))
    with torch.device("meta"):
        again = type(model)(**stored)
    assert again.get_model_args() == model.get_model_args()
    assert [(k, v.shape) for k, v in again.state_dict().items()] == [
        (k, v.shape) for k, v in model.state_dict().items()
    ]
    assert all(value.is_meta for value in again.parameters())


@pytest.mark.parametrize("name", CASES)
def test_unknown_arguments_are_refused(name: str) -> None:
    case = CASES[name]
    with pytest.raises(TypeError, match="n_sorces"):
        models.get(case.model)(**case.arguments, n_sorces=2)


@pytest.mark.parametrize("name", CASES)
def test_double_precision_gives_the_same(name: str) -> None:
    case = CASES[name]
    model = case.build()
    inputs = case.inputs(*case.shapes[-1], time=120)
    with torch.inference_mode():
        single = model(*inputs)
        double = model.double()(*(x.double() for x in inputs))
    assert double.dtype == torch.float64
    torch.testing.assert_close(single, double.float(), rtol=1e-3, atol=1e-4)


@pytest.mark.filterwarnings("ignore:.*torch.jit.* deprecated")
@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
@pytest.mark.parametrize("name", TRACEABLE)
def test_a_traced_model_takes_other_lengths(name: str) -> None:
    case = CASES[name]
    model = case.build()
    traced = torch.jit.trace(model, case.inputs(*case.shapes[-1], time=200), check_trace=False)
    for time in (20, 333):
        inputs = case.inputs(*case.shapes[-1], time=time)
        with torch.no_grad():
            torch.testing.assert_close(traced(*inputs), model(*inputs), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", TRAINED)
def test_training_reaches_every_parameter_and_survives_silence(name: str) -> None:
    case = CASES[name]
    model = case.build().train()
    wav, *extra = case.inputs(*case.shapes[-1], time=200)
    wav[0] = 0
    model(wav, *extra).square().sum().backward()
    reached = {name: p.grad is not None for name, p in model.named_parameters() if p.requires_grad}
    assert all(reached.values()), reached
    assert all(p.grad.isfinite().all() for p in model.parameters() if p.grad is not None)
