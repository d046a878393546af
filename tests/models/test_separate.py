"""``separate`` of every model takes any wave and keeps its form, length and type; what is no sound is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from separate_cli import XUMX, CaCGMM, LookingToListen
from separate_cli.errors import InputError
from separate_cli.models import Separator
from tiny_models import TINY, build

DTYPES = ["float16", "float32", "float64", "int16"]
MODELS = {name: build(name) for name in TINY}


def shapes(model: Separator, samples: int) -> list[tuple[int, ...]]:
    """Those that the model takes."""
    channels = model.in_channels or 2
    flat = [] if isinstance(model, CaCGMM) or channels > 1 else [(samples,), (2, samples)]
    return [*flat, (2, channels, samples)]


def beside(model: Separator, wav: Any) -> dict[str, Any]:
    """What the model takes beside the wave."""
    batch = wav.shape[:1] if wav.ndim > 1 else ()
    return {"faces": np.ones((*batch, 2, 3, 8))} if isinstance(model, LookingToListen) else {}


def noise(shape: tuple[int, ...], dtype: str, seed: int = 0) -> np.ndarray:
    wav = np.random.default_rng(seed).uniform(-0.9, 0.9, shape)
    return (wav * 32768).astype(np.int16) if dtype == "int16" else wav.astype(dtype)


@pytest.mark.parametrize("name", TINY)
@settings(max_examples=8, deadline=None, derandomize=True)
@given(st.integers(1, 400), st.sampled_from(DTYPES), st.integers(0, 2), st.booleans())
def test_any_wave_comes_out_in_its_form(name: str, samples: int, dtype: str, which: int, as_numpy: bool) -> None:
    model = MODELS[name]
    samples = min(samples, 40) if isinstance(model, CaCGMM) else samples  # it is slow
    shape = shapes(model, samples)[which % len(shapes(model, samples))]
    wav: Any = noise(shape, dtype)
    found = model.separate(wav if as_numpy else torch.from_numpy(wav), level="none", **beside(model, wav))
    assert isinstance(found, np.ndarray) is as_numpy
    assert str(found.dtype).removeprefix("torch.") == ("float32" if dtype == "int16" else dtype)
    channels = (2,) if isinstance(model, XUMX) else ()
    assert tuple(found.shape) == (*shape[: min(len(shape) - 1, 1)], model.n_sources, *channels, samples)
    single = (wav / 32768 if dtype == "int16" else wav).astype(np.float32)
    expected = model.separate(single, level="none", **beside(model, wav))
    np.testing.assert_allclose(found, expected, rtol=2e-3 if dtype == "float16" else 1e-6, atol=1e-3)


@pytest.mark.parametrize("name", TINY)
def test_examples_do_not_hear_each_other_and_the_l1_level_is_exact(name: str) -> None:
    model = MODELS[name]
    wav = noise(shapes(model, 333)[-1], "float32")
    quiet = wav * np.array([1, 0.01], np.float32)[:, None, None]
    found = model.separate(quiet, level="l1", **beside(model, wav))
    alone = model.separate(quiet[:1], level="l1", **beside(model, wav[:1]))
    np.testing.assert_allclose(found[:1], alone, rtol=1e-3, atol=1e-5)
    channels = 2 if isinstance(model, XUMX) else 1
    totals = np.abs(found).sum(tuple(range(1, found.ndim))) / channels
    np.testing.assert_allclose(totals, np.abs(quiet).sum(-1).mean(-1), rtol=1e-4)


@pytest.mark.parametrize("level", ["none", "l1"])
@pytest.mark.parametrize("name", [name for name in TINY if name != "VADNet"])  # which gives probabilities
def test_silence_is_silent_at_any_level(name: str, level: str) -> None:
    model = MODELS[name]
    wav = np.zeros(shapes(model, 100)[-1], np.int16)
    assert not model.separate(wav, level=level, **beside(model, wav)).any()


@pytest.mark.parametrize("name", TINY)
def test_what_is_no_sound_is_refused(name: str) -> None:
    model = MODELS[name]
    wav = noise(shapes(model, 100)[-1], "float32")
    for odd in (np.nan, np.inf):
        wav[..., 50] = odd
        with pytest.raises(InputError, match="not finite"):
            model.separate(wav, **beside(model, wav))
    with pytest.raises(ValueError, match=r"at least one sample|Expected waves"):
        model.separate(wav[..., :0], **beside(model, wav))
    for shape in ((1, 2, 3, 50), ()):
        with pytest.raises(ValueError, match="Expected"):
            model.separate(np.zeros(shape, np.float32), **beside(model, wav))
    with pytest.raises(TypeError, match="int16"):
        model.separate(np.zeros(shapes(model, 100)[-1], complex), **beside(model, wav))
    with pytest.raises(ValueError, match="level policy"):
        model.separate(np.zeros(shapes(model, 100)[-1]), level="loud", **beside(model, wav))


@pytest.mark.parametrize("name", TINY)
def test_a_model_in_training_separates_as_in_eval_mode(name: str) -> None:
    model = build(name)
    wav = noise(shapes(model, 200)[-1], "float32")
    expected = model.separate(wav, **beside(model, wav))
    np.testing.assert_array_equal(model.train().separate(wav, **beside(model, wav)), expected)
    assert model.training


@pytest.mark.parametrize("name", [name for name in TINY if name != "CaCGMM"])  # which has no weights
@pytest.mark.parametrize("way", ["weights", "autocast"])
def test_sixteen_bits_are_close(name: str, way: str) -> None:
    model = build(name)
    wav = noise(shapes(model, 1000)[-1], "float32")
    expected = model.separate(wav, level="none", **beside(model, wav))
    if way == "weights":
        model.bfloat16()
    with torch.autocast("cpu", torch.bfloat16, enabled=way == "autocast"):
        found = model.separate(wav, level="none", **beside(model, wav))
    assert found.dtype == np.float32
    assert np.square(expected).sum() > 1e3 * np.square(expected - found).sum()  # 30 dB; an eighth bit gives about 40


@pytest.mark.parametrize("name", TINY)
@pytest.mark.parametrize("way", ["forward", "inference", "separate", "training"])
def test_an_empty_batch_gives_an_empty_estimate(name: str, way: str) -> None:
    model = build(name).train(way == "training")
    for _, *rest in (shape for shape in shapes(model, 200) if len(shape) > 1):
        wav = torch.zeros(0, *rest)
        others = {key: torch.from_numpy(value).float() for key, value in beside(model, wav.numpy()).items()}
        expected = model.eval()(torch.zeros(1, *rest), **{key: torch.zeros(1, 2, 3, 8) for key in others}).shape[1:]
        model.train(way == "training")
        if way == "separate":
            found = model.separate(wav, **others)
            assert model.separate(wav.numpy(), **others).shape == found.shape
        else:
            with torch.inference_mode(way == "inference"):
                found = model(wav, **others)
        assert found.shape == (0, *expected)


@pytest.mark.parametrize(("name", "extra"), [("MultiDecoderDPRNN", "counts"), ("FasNetTAC", "valid_mics")])
def test_an_empty_batch_may_come_with_empty_numbers_of_the_examples(name: str, extra: str) -> None:
    model = build(name)
    wav = torch.zeros(0, *([2] if name == "FasNetTAC" else []), 200)
    assert model(wav, **{extra: torch.zeros(0, dtype=torch.long)}).shape == (0, model.n_sources, 200)
