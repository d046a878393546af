"""The contract that every model keeps, on the smallest one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from separate_cli.models import Separator
from separate_cli.models.conv_tasnet import ConvTasNet
from separate_cli.models.dcunet import DCUNet
from separate_cli.models.demask import DeMask
from separate_cli.models.dprnn_tasnet import DPRNNTasNet


class Halves(Separator):
    """Two estimates, each half of the first channel."""

    def __init__(self, gain: float = 0.5, *, names: tuple[str, str] = ("a", "b"), **extra: Any) -> None:
        super().__init__(sample_rate=8000, n_sources=2, source_names=names)
        self.gain = torch.nn.Parameter(torch.tensor(gain))
        self.extra = extra
        self.dropout = torch.nn.Dropout(0.5)

    def forward(self, wav: Tensor) -> Tensor:
        mono = wav[..., 0, :] if wav.ndim == 3 else wav
        return self.dropout(torch.stack([mono * self.gain, mono * self.gain], -2))


@pytest.mark.parametrize("shape", [(9,), (3, 9), (3, 1, 9)])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_separate_keeps_numpy_its_type_and_its_length(dtype: type, shape: tuple[int, ...]) -> None:
    wav = np.random.default_rng(0).normal(size=shape).astype(dtype)
    found = Halves().separate(wav, level="none")
    assert isinstance(found, np.ndarray) and found.dtype == dtype
    assert found.shape == (*shape[: min(len(shape) - 1, 1)], 2, 9)
    np.testing.assert_allclose(found[..., 0, :], wav.reshape(*found.shape[:-2], 9) / 2, rtol=1e-3)


@pytest.mark.parametrize(("dtype", "full"), [(np.int16, 32768), (np.int32, 2**31)])
def test_separate_scales_integers_to_one(dtype: type, full: int) -> None:
    found = Halves(1.0).separate(np.array([full // 2, -full], dtype=dtype), level="none")
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [[0.5, -1.0]] * 2)


def test_separate_takes_views_and_refuses_what_is_no_sound() -> None:
    backwards = np.arange(4.0)[::-1]
    np.testing.assert_allclose(Halves(1.0).separate(backwards, level="none")[0], backwards)
    with pytest.raises(TypeError, match="int16"):
        Halves().separate(np.zeros(4, dtype=bool))


@pytest.mark.parametrize("dtype", [">f4", ">f8", ">i2", ">i4", ">f2", "<f4"])
def test_separate_takes_the_byte_order_of_any_machine(dtype: str) -> None:
    wav = (100 * np.random.default_rng(0).uniform(-0.9, 0.9, (2, 9))).astype(dtype)
    native = wav.astype(wav.dtype.newbyteorder("="))
    found = Halves().separate(wav, level="none")
    assert found.dtype.isnative and found.dtype == Halves().separate(native, level="none").dtype
    np.testing.assert_array_equal(found, Halves().separate(native, level="none"))


def test_an_empty_batch_moves_no_statistics_and_reaches_models_of_your_own() -> None:
    class Normed(Halves):
        def __init__(self) -> None:
            super().__init__()
            self.norm = torch.nn.BatchNorm1d(2)

        def forward(self, wav: Tensor) -> Tensor:
            return self.norm(super().forward(wav))

    model = Normed().train()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    estimates = model(wav=torch.zeros(0, 30))
    assert estimates.shape == (0, 2, 30)
    estimates.sum().backward()
    assert model.training and model.norm.training
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


def test_separate_is_in_eval_mode_without_gradients_and_leaves_the_modes_alone() -> None:
    model = Halves().train()
    model.dropout.eval()
    estimates = model.separate(torch.ones(8, requires_grad=True), level="none")
    torch.testing.assert_close(estimates, torch.full((2, 8), 0.5))
    assert not estimates.requires_grad
    assert model.training and not model.dropout.training


def test_two_sources_get_the_level_of_the_mixture_each_example_for_itself() -> None:
    wav = torch.tensor([[1.0, -3.0], [10.0, 10.0], [0.0, 0.0]])
    estimates = Halves(0.1).separate(wav)
    torch.testing.assert_close(estimates.abs().sum((1, 2)), wav.abs().sum(1))
    torch.testing.assert_close(estimates[1], Halves(0.1).separate(wav[1]))


def test_model_args_are_complete_json_and_rebuild_the_model() -> None:
    model = Halves(names=("x", "y"), window=np.float64(2.0))
    arguments = json.loads(json.dumps(model.get_model_args()))
    assert arguments == {"gain": 0.5, "names": ["x", "y"], "window": 2.0}
    assert Halves(**arguments).get_model_args() == arguments


def test_model_args_survive_a_subclass_and_refuse_what_json_cannot_hold() -> None:
    class Louder(Halves):
        def __init__(self, decibels: float) -> None:
            super().__init__(10 ** (decibels / 20))

    assert Louder(6.0).get_model_args() == {"decibels": 6.0}
    with pytest.raises(TypeError, match="'function' cannot be stored"):
        Halves(function=print).get_model_args()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DeMask(hiden_dims=[3]), "DeMask takes no argument 'hiden_dims'; the closest are: hidden_dims, "),
        (lambda: DPRNNTasNet(2, bn_chn=3), "DPRNNTasNet takes no argument 'bn_chn'; the closest are: bn_chan, "),
        (
            lambda: ConvTasNet(2, fb_name="param_sinc", min_low_hs=3),
            "ConvTasNet takes no argument 'min_low_hs'; the closest are: min_low_hz, ",
        ),
        (lambda: DCUNet("mini", n_srcs=1), "DCUNet takes no argument 'n_srcs'; the closest are: n_src, "),
        (DCUNet, "DCUNet: missing a required argument: 'architecture'"),
        (lambda: DCUNet("mini", 64, architecture="mini"), "DCUNet: multiple values for argument 'architecture'"),
    ],
)
def test_wrong_arguments_are_refused_by_the_models_name(make: Callable[[], object], message: str) -> None:
    with pytest.raises(TypeError, match=re.escape(message)):
        make()


def test_other_mistakes_in_a_constructor_keep_their_own_words() -> None:
    class Broken(DeMask):
        def __init__(self, **extra: Any) -> None:
            super().__init__(hidden_dims=[8])
            int(nonsense=1)  # type: ignore[call-overload]

    with pytest.raises(TypeError, match="int"):
        Broken(other=3)


def test_the_base_refuses_facts_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="Expected 2 source names, got 1"):
        Halves(names=("a",))
    with pytest.raises(ValueError, match="sample_rate must be positive"):
        DeMask(sample_rate=0)
