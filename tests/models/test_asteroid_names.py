"""Asteroid's names of methods: files that we read back, and waves that are those of ``separate``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor

from separate_cli import __version__, from_pretrained
from separate_cli.audio.resample import resample
from separate_cli.errors import InputError
from separate_cli.models import Separator
from separate_cli.models.demask import DeMask
from tiny_models import TINY, build


@pytest.mark.parametrize("name", TINY)
def test_what_is_serialized_and_saved_is_read_back_as_the_same_model(name: str, tmp_path: Path) -> None:
    model = build(name)
    package = model.serialize()
    assert package["infos"]["software_versions"]["separate_cli_version"] == __version__
    assert type(package["infos"]["software_versions"]["torch_version"]) is str
    torch.save(package, tmp_path / "model.pth")
    for again in (
        type(model).from_pretrained(tmp_path / "model.pth"),
        from_pretrained(str(tmp_path / "model.pth")),
        from_pretrained(package),
    ):
        assert type(again) is type(model)
        told = {"max_bin": 33} if name == "XUMX" else {}  # None meant all; the weights say how many
        assert again.get_model_args() == model.get_model_args() | told
        assert again.state_dict().keys() == model.state_dict().keys()
        assert all(torch.equal(value, again.state_dict()[key]) for key, value in model.state_dict().items())


def test_weights_and_waves_go_through_the_methods_that_a_subclass_replaces() -> None:
    class Odd(DeMask):
        def forward(self, wav: Tensor) -> Any:
            return {"estimates": super().forward(wav)}

        def forward_wav(self, wav: Tensor, *args: Any, **kwargs: Any) -> Tensor:
            return 2 * self(wav)["estimates"]

        def get_state_dict(self) -> dict[str, Any]:
            return {key: 0 * value for key, value in super().get_state_dict().items()}

    torch.manual_seed(0)
    odd = Odd(hidden_dims=[8]).eval()
    plain = DeMask(hidden_dims=[8]).eval()
    plain.load_state_dict(odd.state_dict())
    wav = torch.randn(1, 2000)
    torch.testing.assert_close(odd.separate(wav), 2 * plain.separate(wav))
    torch.testing.assert_close(plain.forward_wav(wav), plain(wav))
    assert not any(value.any() for value in odd.serialize()["state_dict"].values())


def test_arrays_and_tensors_have_a_method_each() -> None:
    model = build("ConvTasNet")
    wav = np.random.default_rng(0).normal(size=(2, 1, 500)).astype(np.float32)
    expected = model.separate(wav, level="none")
    np.testing.assert_array_equal(model.numpy_separate(wav, level="none"), expected)
    torch.testing.assert_close(model.torch_separate(torch.from_numpy(wav), level="none"), torch.from_numpy(expected))
    with pytest.raises(TypeError, match="Expected a tensor, got ndarray"):
        model.torch_separate(wav)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="Expected an array, got Tensor"):
        model.numpy_separate(torch.from_numpy(wav))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="got str; file_separate"):
        model.separate("talk.wav")  # type: ignore[call-overload]


def recording(path: Path, rate: int, channels: int = 1, loud: float = 0.1) -> np.ndarray:
    wave = loud * np.sin(np.arange(3000)[:, None] / np.arange(5, 5 + channels)).astype(np.float32)
    soundfile.write(path, wave, rate, subtype="FLOAT")
    return wave.T  # (channel, time)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("folder", [None, "out"])
def test_a_file_gives_what_its_first_channel_gives(tmp_path: Path, folder: str | None, channels: int) -> None:
    model = build("ConvTasNet")
    wave = recording(tmp_path / "talk.1.wav", 8000, channels)
    where = tmp_path if folder is None else tmp_path / folder
    where.mkdir(exist_ok=True)
    model.file_separate(str(tmp_path / "talk.1.wav"), None if folder is None else str(where))
    expected = model.separate(wave[:1][None])[0]
    for number in (1, 2):
        found, rate = soundfile.read(where / f"talk.1_est{number}.wav", dtype="float32")
        assert rate == 8000
        np.testing.assert_allclose(found, expected[number - 1], atol=1e-4)


def test_another_rate_needs_to_be_asked_for_and_comes_back(tmp_path: Path) -> None:
    model = build("ConvTasNet")
    wave = recording(tmp_path / "talk.wav", 16000)
    with pytest.raises(InputError, match="16000 Hz, the model was made for 8000 Hz"):
        model.file_separate(tmp_path / "talk.wav")
    model.file_separate(tmp_path / "talk.wav", resample=True, level="none")
    estimates = model.separate(resample(wave, 16000, 8000)[None], level="none")[0]
    for number in (1, 2):
        found, rate = soundfile.read(tmp_path / f"talk_est{number}.wav", dtype="float32")
        expected = resample(estimates[number - 1 : number], 8000, 16000)[0, :3000]
        assert rate == 16000
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_estimates_that_are_there_are_kept_unless_told(tmp_path: Path) -> None:
    model = build("DeMask")
    recording(tmp_path / "talk.wav", 16000)
    first = tmp_path / "talk_est1.wav"
    first.write_text("mine")
    with pytest.warns(UserWarning, match="force_overwrite"):
        model.file_separate(tmp_path / "talk.wav")
    assert first.read_text() == "mine"
    model.file_separate(tmp_path / "talk.wav", force_overwrite=True)
    assert soundfile.info(first).frames == 3000


def test_all_microphones_and_channels_go_through_and_loud_estimates_keep_their_balance(tmp_path: Path) -> None:
    class Pair(Separator):
        out_channels = 2

        def __init__(self) -> None:
            super().__init__(sample_rate=8000, n_sources=2, in_channels=2)

        def forward(self, wav: Tensor) -> Tensor:
            return torch.stack([wav, 3 * wav], 1)  # (batch, source, channel, time)

    wave = recording(tmp_path / "talk.wav", 8000, channels=2, loud=1.0)
    Pair().file_separate(tmp_path / "talk.wav", level="none")
    first, second = (soundfile.read(tmp_path / f"talk_est{n}.wav", dtype="float32")[0].T for n in (1, 2))
    np.testing.assert_allclose(second, wave / np.abs(wave).max(), atol=1e-4)
    np.testing.assert_allclose(3 * first, second, atol=2e-4)
