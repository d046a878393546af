"""Dual-path processing: chunks against NumPy, groups of sequences = all at once."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from separate_cli.layers.dual_path import DPRNN, DualPathProcessing, sequence_groups


@pytest.mark.parametrize(("chunk", "hop", "frames"), [(4, 2, 11), (6, 2, 5), (5, 3, 23), (3, 3, 9)])
def test_chunks_and_overlap_add_are_numpys(chunk: int, hop: int, frames: int) -> None:
    paths = DualPathProcessing(chunk, hop)
    x = np.random.default_rng(0).normal(size=(2, 3, frames)).astype(np.float32)
    wide = np.pad(x, [(0, 0), (0, 0), (chunk, chunk)])
    starts = range(0, frames + chunk + 1, hop)
    expected = np.stack([wide[..., s : s + chunk] for s in starts], -1)
    chunks = paths.unfold(torch.from_numpy(x))
    np.testing.assert_array_equal(chunks.numpy(), expected)
    total = np.zeros_like(wide)
    for index, start in enumerate(starts):
        total[..., start : start + chunk] += expected[..., index]
    np.testing.assert_allclose(paths.overlap_add(chunks, frames).numpy(), total[..., chunk:-chunk], rtol=1e-5)


def test_fold_undoes_unfold_where_the_hop_divides_the_chunk() -> None:
    paths, x = DualPathProcessing(6, 2), torch.randn(1, 2, 13)
    torch.testing.assert_close(paths.fold(paths.unfold(x), 13), x)


def test_modules_see_chunks_within_and_positions_across() -> None:
    chunks = torch.randn(2, 3, 4, 5)
    seen: list[torch.Size] = []

    def halve(x: torch.Tensor) -> torch.Tensor:
        seen.append(x.shape)
        return x / 2

    for process in (DualPathProcessing.intra_process, DualPathProcessing.inter_process):
        torch.testing.assert_close(process(chunks, halve), chunks / 2)
    assert seen == [(10, 3, 4), (8, 3, 5)]


@pytest.mark.parametrize("sizes", [(4, 0), (4, 5)])
def test_sizes_that_leave_gaps_are_refused(sizes: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="hop_size <= chunk_size"):
        DualPathProcessing(*sizes)


@pytest.mark.usefixtures("tiny_blocks")
@pytest.mark.parametrize(
    "arguments",
    [{}, {"norm_type": "cLN", "bidirectional": False}, {"norm_type": "bN", "use_mulcat": True}, {"norm_type": "fgLN"}],
    ids=str,
)
def test_inference_by_groups_is_the_plain_network(arguments: dict[str, object]) -> None:
    torch.manual_seed(0)
    network = DPRNN(5, 2, None, 4, 3, chunk_size=6, hop_size=2, n_repeats=2, **arguments).eval()
    for name, p in network.named_parameters():
        if "norm" in name:
            torch.nn.init.uniform_(p, 0.5, 2)
    frames = torch.randn(2, 5, 31)
    with torch.no_grad():
        found = network(frames)
    torch.testing.assert_close(found, network(frames).detach(), rtol=1e-4, atol=1e-6)


def test_groups_cover_every_sequence_once() -> None:
    covered = [i for group in sequence_groups(1000, 1200, 512) for i in range(1000)[group]]
    assert covered == list(range(1000))
