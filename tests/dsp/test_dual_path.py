"""Dual-path chunks against torch's own fold and unfold."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from separate_cli.dsp.dual_path import DualPathProcessing, fold_chunks, unfold_chunks

SIZES = [(10, 5), (9, 3), (7, 1), (10, 10), (10, 4), (7, 5)]


@pytest.mark.parametrize(("chunk", "hop"), SIZES)
@pytest.mark.parametrize("frames", [1, 4, 37])
def test_chunks_are_torchs(chunk: int, hop: int, frames: int) -> None:
    x = torch.randn(2, 3, frames)
    columns = functional.unfold(x.unsqueeze(-1), (chunk, 1), padding=(chunk, 0), stride=(hop, 1))
    chunks = unfold_chunks(x, chunk, hop)
    assert torch.equal(chunks, columns.reshape(2, 3, chunk, -1))
    assert chunks.shape[-1] == (frames + chunk) // hop + 1
    summed = functional.fold(columns, (frames, 1), (chunk, 1), padding=(chunk, 0), stride=(hop, 1)).squeeze(-1)
    torch.testing.assert_close(fold_chunks(chunks, chunk, hop, frames), summed)


@pytest.mark.parametrize(("chunk", "hop"), [size for size in SIZES if size[0] % size[1] == 0])
def test_fold_undoes_unfold_where_the_hop_divides_the_chunk(chunk: int, hop: int) -> None:
    x = torch.randn(2, 3, 37)
    exact, summing = DualPathProcessing(chunk, hop), DualPathProcessing(chunk, hop, normalise=False)
    torch.testing.assert_close(exact.fold(exact.unfold(x), 37), x)
    torch.testing.assert_close(summing.fold(summing.unfold(x), 37), x * chunk / hop)


def test_modules_see_rows_and_columns_and_their_results_go_back_in_place() -> None:
    path = DualPathProcessing(10, 5)
    chunks = path.unfold(torch.randn(2, 3, 37))
    seen: list[Tensor] = []

    def doubling(rows: Tensor) -> Tensor:
        seen.append(rows)
        return 2 * rows

    assert torch.equal(path.intra_process(chunks, doubling), 2 * chunks)
    assert torch.equal(path.inter_process(chunks, doubling), 2 * chunks)
    n_chunks = chunks.shape[-1]
    assert torch.equal(seen[0].reshape(2, n_chunks, 3, 10)[1, 4], chunks[1, :, :, 4])
    assert torch.equal(seen[1].reshape(2, 10, 3, n_chunks)[1, 4], chunks[1, :, 4])


@pytest.mark.filterwarnings("ignore:.*torch.jit.*deprecated:FutureWarning")
@pytest.mark.filterwarnings("ignore:.*torch.jit.*deprecated:DeprecationWarning")
@pytest.mark.parametrize(("chunk", "hop"), [(10, 5), (9, 3), (10, 4)])
def test_recorded_graphs_hold_for_other_batches_and_lengths(chunk: int, hop: int) -> None:
    class Path(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            path = DualPathProcessing(chunk, hop)
            return path.fold(path.inter_process(path.intra_process(path.unfold(x), torch.tanh), torch.sin), x.shape[-1])

    example = torch.randn(2, 3, 50)
    dynamic = {"x": {0: torch.export.Dim.AUTO, 2: torch.export.Dim.AUTO}}
    traced = torch.jit.trace(Path(), example)
    exported = torch.export.export(Path(), (example,), dynamic_shapes=dynamic).module()
    for shape in [(3, 3, 31), (4, 3, 100)]:
        x = torch.randn(shape)
        torch.testing.assert_close(traced(x), Path()(x))
        torch.testing.assert_close(exported(x), Path()(x))


@pytest.mark.parametrize(("chunk", "hop"), [(4, 2), (5, 3)])
def test_gradients_are_exact(chunk: int, hop: int) -> None:
    path = DualPathProcessing(chunk, hop)
    x = torch.randn(1, 2, 7, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda frames: path.fold(path.unfold(frames).square(), 7), x)


def test_misuse_is_refused() -> None:
    for hop in (0, 11):
        with pytest.raises(ValueError, match="1 to 10"):
            DualPathProcessing(10, hop)
    with pytest.raises(ValueError, match="frame"):
        DualPathProcessing(10).unfold(torch.randn(3, 37))
    with pytest.raises(ValueError, match="n_chunks"):
        DualPathProcessing(10).fold(torch.randn(2, 3, 37), 5)


def test_fold_remembers_how_long_the_sequence_was_that_was_last_unfolded() -> None:
    path = DualPathProcessing(10, 5)
    with pytest.raises(ValueError, match="Give output_size"):
        path.fold(torch.randn(2, 3, 10, 7))
    for frames in (37, 20):
        x = torch.randn(2, 3, frames)
        torch.testing.assert_close(path.fold(path.unfold(x)), x)
    assert path.fold(path.unfold(torch.randn(2, 3, 37)), 36).shape == (2, 3, 36)
    assert not path.state_dict()


@pytest.mark.filterwarnings("ignore:.*torch.jit.* deprecated")
def test_a_graph_does_not_hold_the_length_that_it_was_recorded_with() -> None:
    class Path(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            path = DualPathProcessing(10, 5)
            return path.fold(path.unfold(x))

    with pytest.raises(ValueError, match="graph"):
        torch.jit.trace(Path(), torch.randn(2, 3, 50))
