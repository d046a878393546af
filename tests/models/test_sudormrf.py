"""SuDoRM-RF beyond its golden numbers: counts, padding, strides, aliases."""

from __future__ import annotations

import pytest
import torch

from separate_cli.models.sudormrf import SuDORMRFImprovedNet, SuDORMRFNet

SMALL = {"bn_chan": 4, "num_blocks": 1, "upsampling_depth": 2, "n_filters": 6}
BOTH = pytest.mark.parametrize("cls", [SuDORMRFNet, SuDORMRFImprovedNet])
Cls = type[SuDORMRFNet] | type[SuDORMRFImprovedNet]


@pytest.mark.parametrize(
    ("cls", "count", "keys"), [(SuDORMRFNet, 2_584_196, 507), (SuDORMRFImprovedNet, 2_630_801, 426)]
)
def test_default_counts_are_the_published_ones(cls: Cls, count: int, keys: int) -> None:
    with torch.device("meta"):
        model = cls(2)
    assert (sum(p.numel() for p in model.parameters()), len(model.state_dict())) == (count, keys)


@BOTH
@pytest.mark.parametrize("time", [1, 20, 21, 333])
def test_any_length_comes_back_and_silence_stays_finite(cls: Cls, time: int) -> None:
    estimates = cls(2, **SMALL).separate(torch.zeros(time))
    assert estimates.shape == (2, time) and torch.isfinite(estimates).all()


@BOTH
def test_padding_is_zeros_to_a_multiple_of_all_strides(cls: Cls) -> None:
    model = cls(2, **SMALL).eval()
    wav = torch.randn(1, 90)
    longer = torch.nn.functional.pad(wav, (0, 10))  # 100 is the next multiple of lcm(10, 4)
    torch.testing.assert_close(model(wav), model(longer)[..., :90])


@BOTH
@pytest.mark.parametrize("stride", [4, 10, 15])
def test_stride_is_honoured(cls: Cls, stride: int) -> None:
    model = cls(2, stride=stride, **SMALL)
    assert model.hop_samples == stride
    assert model(torch.randn(1, 100)).shape == (1, 2, 100)


@BOTH
def test_encoder_names_its_filters_twice(cls: Cls) -> None:
    state = cls(2, **SMALL).state_dict()
    own, inner = state["encoder.filterbank._filters"], state["encoder.encoder.filterbank._filters"]
    assert own.data_ptr() == inner.data_ptr()


@BOTH
def test_gradients_reach_every_weight(cls: Cls) -> None:
    model = cls(2, **SMALL)
    model(torch.randn(2, 100)).square().sum().backward()
    assert all(p.grad is not None for p in model.parameters())


def test_default_masks_of_the_first_network_sum_to_one() -> None:
    model = SuDORMRFNet(3, **SMALL).eval()
    masks = model.forward_masker(model.forward_encoder(torch.randn(1, 1, 200)))
    torch.testing.assert_close(masks.sum(1), torch.ones_like(masks[:, 0]))


def test_a_kernel_of_one_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="kernel_size must be at least 2"):
        SuDORMRFNet(2, kernel_size=1)
