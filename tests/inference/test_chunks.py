"""Chunks give the whole file's samples; where that cannot be, they join without a seam and without swapping."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from separate_cli.inference.chunks import context_chunks, overlap_chunks, runner, separate_stream
from separate_cli.models.demask import DeMask


def wave(frames: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(2, 1, frames, generator=torch.Generator().manual_seed(seed))


def in_blocks(whole: torch.Tensor, size: int) -> list[torch.Tensor]:
    return list(whole.split(size, -1))


@pytest.mark.parametrize("frames", [1, 31, 63, 64, 65, 1000, 3001])
@pytest.mark.parametrize("chunk", [1, 50, 320, 2000])
@pytest.mark.parametrize("block", [37, 4000])
def test_finite_context_gives_the_whole_file_whatever_the_chunk(
    toys: SimpleNamespace, frames: int, chunk: int, block: int
) -> None:
    model = toys.Smooth().requires_grad_(False)
    whole = wave(frames)
    found = context_chunks(
        in_blocks(whole, block),
        model,
        chunk_samples=chunk,
        lookbehind=model.lookbehind_samples,
        lookahead=model.lookahead_samples,
        hop=model.hop_samples,
    )
    torch.testing.assert_close(torch.cat(list(found), -1), model(whole), atol=1e-5, rtol=0)


@pytest.mark.parametrize("chunk_seconds", [0.05, 0.333, 1.0, 60.0])
def test_demask_with_a_norm_of_each_frame_gives_the_whole_file(chunk_seconds: float) -> None:
    model = DeMask(hidden_dims=[32], norm_type="cLN").eval().requires_grad_(False)
    whole = wave(20_011)
    found = torch.cat(list(separate_stream(model, in_blocks(whole, 1600), model, chunk_seconds=chunk_seconds)), -1)
    torch.testing.assert_close(found, model(whole), atol=1e-5, rtol=0)


def test_a_chunk_is_never_longer_than_asked_plus_its_context(toys: SimpleNamespace) -> None:
    model = toys.Smooth().requires_grad_(False)
    seen = []

    def separate(chunk: torch.Tensor) -> torch.Tensor:
        seen.append(chunk.shape[-1])
        return model(chunk)

    list(context_chunks([wave(50_000)], separate, chunk_samples=640, lookbehind=63, lookahead=63, hop=32))
    assert len(seen) > 70
    assert max(seen) <= 64 + 640 + 63


@pytest.mark.parametrize("frames", [1, 99, 100, 101, 160, 175, 176, 1000])
@pytest.mark.parametrize("overlap", [1, 25, 50, 99])
def test_cross_fades_of_any_overlap_leave_an_unchanged_signal_unchanged(frames: int, overlap: int) -> None:
    whole = wave(frames)
    blocks = in_blocks(whole, 33)
    found = overlap_chunks(blocks, lambda x: x, chunk_samples=100, overlap_samples=overlap, reorder=True)
    torch.testing.assert_close(torch.cat(list(found), -1), whole, atol=1e-5, rtol=1e-5)


def test_every_chunk_has_the_same_length_also_the_last(toys: SimpleNamespace) -> None:
    model = toys.Halves(swap=False)
    list(separate_stream(model, in_blocks(wave(20_001), 999), model, chunk_seconds=0.2))
    assert len(model.calls) > 5
    assert set(model.calls) == {3200}


def test_a_file_no_longer_than_a_chunk_is_separated_as_it_is(toys: SimpleNamespace) -> None:
    whole = wave(3000)
    found = list(separate_stream(toys.Halves(), in_blocks(whole, 999), toys.Halves(), chunk_seconds=0.2))
    assert torch.equal(torch.cat(found, -1), toys.Halves()(whole))


def test_sources_that_swap_from_chunk_to_chunk_are_put_back(toys: SimpleNamespace) -> None:
    whole = wave(40_000)
    steady, swapping = (
        torch.cat(list(separate_stream(model, [whole], model, chunk_seconds=0.25)), -1)
        for model in (toys.Halves(swap=False), toys.Halves(swap=True))
    )
    torch.testing.assert_close(swapping, steady)


def test_named_sources_are_taken_at_their_word(toys: SimpleNamespace) -> None:
    whole = wave(40_000)
    swapping = toys.Halves(swap=True, source_names=("low", "high"))
    found = torch.cat(list(separate_stream(swapping, [whole], swapping, chunk_seconds=0.25)), -1)
    steady = toys.Halves(swap=False)
    wanted = torch.cat(list(separate_stream(steady, [whole], steady, chunk_seconds=0.25)), -1)
    torch.testing.assert_close(found[..., :3000], wanted[..., :3000])
    second_chunk = slice(4200, 5800)  # after the first fade, before the second
    torch.testing.assert_close(found[..., second_chunk], wanted.flip(1)[..., second_chunk])


def test_an_empty_stream_gives_nothing() -> None:
    assert list(context_chunks([], lambda x: x, chunk_samples=5, lookbehind=0, lookahead=0)) == []
    assert list(overlap_chunks([], lambda x: x, chunk_samples=5, overlap_samples=1, reorder=False)) == []


def test_what_separates_is_forward_wav_as_in_separate() -> None:
    class Louder(DeMask):
        def forward_wav(self, wav: torch.Tensor) -> torch.Tensor:
            return 2 * self(wav)

    model = Louder(hidden_dims=[8]).eval()
    with torch.no_grad():
        torch.testing.assert_close(runner(model)(wave(3000)), 2 * model(wave(3000)))
