"""Looking to Listen: faces are needed, heard at their time, and decide the order."""

from __future__ import annotations

import pytest
import torch

from separate_cli.errors import SepError
from separate_cli.models.looking_to_listen import LookingToListen


def tiny(**options: object) -> LookingToListen:
    torch.manual_seed(0)
    sizes = {"n_filters": 32, "kernel_size": 32, "stride": 16, "audio_chan": 3, "video_chan": 4, "hid_size": 5}
    return LookingToListen(2, face_dim=6, dense_size=7, sample_rate=800, **sizes, **options).eval()


def test_default_sizes_are_the_papers() -> None:
    with torch.device("meta"):
        model = LookingToListen()
    assert sum(layer.weight.ndim == 4 for layer in model.audio if hasattr(layer, "kernel_size")) == 15
    assert (model.lstm.input_size, model.lstm.hidden_size) == (8 * 257 + 2 * 256, 400)
    assert [layer[0].out_channels for layer in model.dense] == [600, 600, 600]


def test_every_frame_sees_the_video_frame_of_its_time() -> None:
    model = tiny()  # 50 frames a second, 25 video frames
    model.video = torch.nn.Identity()
    faces = torch.arange(4.0).reshape(1, 1, 4, 1).expand(1, 2, 4, 6)
    seen = model._watch(faces, 11)
    assert seen[0, :, 0].tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 3, 3, 3]


@torch.no_grad()
def test_faces_change_the_estimates() -> None:
    model, wav, faces = tiny(), torch.randn(1, 400), torch.randn(1, 2, 13, 6)
    assert not torch.allclose(model(wav, faces), model(wav, faces.flip(1)))


@torch.no_grad()
def test_masks_of_one_give_the_mixture_back() -> None:
    model, wav = tiny(), torch.randn(1, 400)
    model.mask_layer.weight.zero_()
    model.mask_layer.bias.copy_(torch.tensor([1.0, 0.0]).repeat_interleave(17).repeat(2))
    found = model(wav, torch.randn(1, 2, 13, 6))
    torch.testing.assert_close(found[..., 32:-32], wav[:, 32:-32].expand(1, 2, -1), rtol=1e-4, atol=1e-5)


def test_a_wave_without_faces_is_refused() -> None:
    with pytest.raises(SepError, match="faces beside the wave") as caught:
        tiny()(torch.randn(1, 400))
    assert "model(wav, faces)" in caught.value.hint


@pytest.mark.parametrize("shape", [(1, 3, 13, 6), (2, 2, 13, 6), (1, 2, 0, 6), (1, 2, 13, 5), (2, 13, 6)])
def test_faces_that_do_not_fit_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"\(1, 2, video frame, 6\)"):
        tiny()(torch.randn(1, 400), torch.randn(shape))
