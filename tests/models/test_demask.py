"""DeMask beyond its golden numbers: exact chunks, arguments."""

from __future__ import annotations

import pytest
import torch

from separate_cli.models.demask import DeMask


def small(**arguments: object) -> DeMask:
    torch.manual_seed(0)
    return DeMask(hidden_dims=[8], n_filters=32, kernel_size=32, stride=16, **arguments).eval()


def test_default_parameter_count_is_the_published_one() -> None:
    assert sum(p.numel() for p in DeMask().parameters()) == 530_179


@pytest.mark.parametrize("norm_type", ["cLN", "bN"])
def test_with_a_norm_of_frames_chunks_give_the_samples_of_the_whole(norm_type: str) -> None:
    model = small(norm_type=norm_type)
    wav = torch.randn(1, 400)
    whole = model(wav)
    assert model.lookbehind_samples == model.lookahead_samples == 31
    start, stop = 8 * model.hop_samples, 300
    chunk = model(wav[:, start - 2 * model.hop_samples : stop + 31])
    torch.testing.assert_close(chunk[..., 32 : 32 + stop - start], whole[..., start:stop])


def test_with_a_memory_chunks_that_hold_it_give_the_samples_of_the_whole() -> None:
    model = small(norm_type="cLN", input_type="log", memory_frames=5, mask_act="bounded_gain", pad_edges=True)
    wav = torch.randn(1, 600)
    whole = model(wav)
    assert model.lookbehind_samples == 31 + 5 * 16
    start, stop = 12 * model.hop_samples, 400
    begin = start - 7 * model.hop_samples
    chunk = model(wav[:, begin : stop + 31])
    torch.testing.assert_close(chunk[..., start - begin : stop - begin], whole[..., start:stop])


def test_padded_edges_do_not_fade() -> None:
    """With a mask of one, what comes out is what went in, from the first sample to the last."""
    model = small(norm_type="cLN", mask_act="bounded_gain", pad_edges=True)
    for parameter in model.masker[-2].parameters():
        torch.nn.init.zeros_(parameter)
    wav = torch.randn(2, 333)
    torch.testing.assert_close(model(wav).squeeze(1), wav)


def test_one_sample_and_none() -> None:
    model = small(norm_type="cLN", pad_edges=True)
    assert model(torch.ones(1)).shape == (1, 1)
    assert small().forward(torch.ones(1)).shape == (1, 1)


@pytest.mark.parametrize(
    ("norm_type", "behind", "ahead"), [("gLN", None, None), ("fgLN", None, None), ("cgLN", None, 31)]
)
def test_with_other_norms_an_output_depends_on_more(norm_type: str, behind: int | None, ahead: int | None) -> None:
    model = small(norm_type=norm_type)
    assert (model.lookbehind_samples, model.lookahead_samples) == (behind, ahead)


def test_silence_gives_silence() -> None:
    assert not small().separate(torch.zeros(100)).any()


@pytest.mark.parametrize("arguments", [{"input_type": "phase"}, {"output_type": "cat"}])
def test_unknown_types_are_refused(arguments: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"Expected input_type .*phase|.*cat"):
        small(**arguments)
