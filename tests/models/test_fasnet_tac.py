"""FaSNet with TAC: microphones in any number and order, sizes, refused arguments."""

from __future__ import annotations

import pytest
import torch

from separate_cli.models.fasnet_tac import FasNetTAC

TINY = {"enc_dim": 6, "feature_dim": 6, "hidden_dim": 5, "n_layers": 1, "sample_rate": 2000, "context_ms": 8}


def tiny(**options: object) -> FasNetTAC:
    torch.manual_seed(0)
    return FasNetTAC(2, tac_hidden_dim=7, chunk_size=6, hop_size=3, **TINY, **options).double().eval()


def waves(microphones: int, batch: int = 2) -> torch.Tensor:
    return torch.randn(batch, microphones, 300, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(("use_tac", "parameters"), [(True, 2_759_375), (False, 1_870_787)])
def test_default_arguments_give_asteroids_parameters(use_tac: bool, parameters: int) -> None:
    with torch.device("meta"):
        model = FasNetTAC(n_src=2, use_tac=use_tac)
    assert sum(p.numel() for p in model.parameters()) == parameters


@torch.no_grad()
def test_order_of_the_microphones_after_the_reference_does_not_matter() -> None:
    model, wav = tiny(), waves(4)
    torch.testing.assert_close(model(wav[:, [0, 3, 1, 2]]), model(wav))
    assert not torch.allclose(model(wav[:, [1, 0, 2, 3]]), model(wav))


@torch.no_grad()
def test_absent_microphones_are_not_heard() -> None:
    model, wav = tiny(), waves(4)
    found = model(wav, torch.tensor([2, 3]))
    torch.testing.assert_close(found[:1], model(wav[:1, :2]))
    torch.testing.assert_close(found[1:], model(wav[1:, :3]))


@torch.no_grad()
def test_filters_that_pass_the_window_give_the_reference_back() -> None:
    model, wav = tiny(), waves(1)
    for gate in (model.tanh[0], model.gate[0]):
        gate.weight.zero_()
        gate.bias.fill_(-1e9 if gate is model.gate[0] else 1e9)
    model.gate[0].bias[model.context] = 1e9  # one tap, without delay
    # Windows overlap by half and are added as they are.
    torch.testing.assert_close(model(wav), 2 * wav.expand(2, 2, 300))


@pytest.mark.parametrize("arguments", [{"stride": 3}, {"window_ms": 4.5}, {"window_ms": 0}])
def test_windows_that_cannot_be_halved_are_refused(arguments: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="even number of samples and a stride of half"):
        tiny(**arguments)


def test_the_stride_that_checkpoints_hold_is_accepted() -> None:
    assert tiny(stride=4).stride == 4


@pytest.mark.parametrize("shape", [(), (1, 2, 3, 50), (1, 2, 0), (1, 0, 50)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"\(batch, microphone, time\)"):
        tiny()(torch.zeros(shape, dtype=torch.float64))
