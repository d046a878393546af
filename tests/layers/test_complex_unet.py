"""The complex U-Net: what a frame hears, numbers of frames, both forms of the call."""

from __future__ import annotations

import pytest
import torch

from separate_cli.layers.complex_unet import ComplexUNet, Level

SHAPES = {
    "strided": [Level(3, (3, 5), (2, 2), (1, 2)), Level(4, (3, 3), (2, 2), (1, 1)), Level(4, (3, 3), (2, 1), (1, 1))],
    "ahead": [Level(3, (5, 2), (2, 1), (2, 0), (1, 0)), Level(4, (5, 2), (2, 1), (2, 0), (1, 0))],
}


def net_of(name: str, **options: object) -> ComplexUNet:
    torch.manual_seed(0)
    return ComplexUNet(SHAPES[name], **options).double().eval()


def spectrum(frames: int, freqs: int = 9) -> torch.Tensor:
    return torch.randn(1, freqs, frames, dtype=torch.complex128, generator=torch.Generator().manual_seed(frames))


@pytest.mark.parametrize(("name", "freqs", "expected"), [("strided", 9, None), ("ahead", 8, (2, 2))])
def test_mask_of_a_frame_depends_on_the_frames_in_reach_and_on_no_other(
    name: str, freqs: int, expected: tuple[int, int] | None
) -> None:
    net = net_of(name)
    before, after = net.reach()
    assert expected in {None, (before, after)}
    x = spectrum(65, freqs)
    heard = []
    for frame in range(30, 30 + net.frame_grid):
        leaf = x.clone().requires_grad_()
        net(leaf)[..., frame].abs().sum().backward()
        assert leaf.grad is not None
        touched = leaf.grad.abs().sum((0, 1)).nonzero().flatten()
        heard.append((frame - int(touched[0]), int(touched[-1]) - frame))
    assert (max(first for first, _ in heard), max(last for _, last in heard)) == (before, after)


@pytest.mark.parametrize("frames", [1, 2, 5, 6, 9])
@pytest.mark.parametrize("mode", [None, "pad", "trim"])
def test_masks_have_as_many_frames_as_the_spectrum(mode: str | None, frames: int) -> None:
    assert net_of("strided", n_src=2, fix_length_mode=mode)(spectrum(frames)).shape == (1, 2, 9, frames)


def test_modes_agree_where_the_strides_fit() -> None:
    x = spectrum(9)
    padded, trimmed = (net_of("strided", fix_length_mode=mode)(x) for mode in ("pad", "trim"))
    torch.testing.assert_close(padded, trimmed)


def test_trimmed_frames_have_no_mask() -> None:
    net = net_of("strided", fix_length_mode="trim")
    masks = net(spectrum(11))
    torch.testing.assert_close(masks[..., :9], net(spectrum(11)[..., :9]))
    assert not masks[..., 9:].any()


def test_real_parts_give_the_same_as_a_complex_tensor() -> None:
    x = spectrum(10)
    re, im = net_of("strided")(x.real, x.imag)
    torch.testing.assert_close(torch.complex(re, im), net_of("strided")(x))


def test_training_normalises_with_the_batch_and_moves_the_running_statistics() -> None:
    net = net_of("strided").train()
    before = net.encoders[0].norm.im_module.running_mean.clone()
    net(spectrum(9)).abs().sum().backward()
    assert not torch.equal(net.encoders[0].norm.im_module.running_mean, before)
    assert all(p.grad is not None for p in net.parameters())


def test_unknown_length_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="'pad' or 'trim', got 'cut'"):
        net_of("strided", fix_length_mode="cut")
