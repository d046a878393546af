"""Dual-path networks: groups of sequences = all at once."""

from __future__ import annotations

import pytest
import torch

from separate_cli.layers import dual_path
from separate_cli.layers.dual_path import DPRNN, sequence_groups


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
    covered = [i for group in sequence_groups(1000, 1200, 256) for i in range(1000)[group]]
    assert covered == list(range(1000))


@pytest.mark.parametrize("use_mulcat", [False, True])
def test_training_reads_a_few_examples_at_a_time_with_the_same_gradients(
    use_mulcat: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    network = DPRNN(5, 2, None, 4, 3, chunk_size=6, hop_size=2, n_repeats=2, use_mulcat=use_mulcat)
    frames = torch.randn(5, 5, 31)

    def gradients() -> list[torch.Tensor]:
        return list(torch.autograd.grad(network(frames).square().mean(), network.parameters()))

    whole = gradients()
    monkeypatch.setattr(dual_path, "_TRAINING_STEPS", 2 * 6 * 19)  # two examples
    torch.testing.assert_close(gradients(), whole, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize(
    "arguments", [{}, {"use_mulcat": True}, {"num_layers": 2, "dropout": 0.5}, {"rnn_type": "GRU"}], ids=str
)
def test_what_is_read_again_in_the_backward_pass_gives_the_same_gradients(
    arguments: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    network = DPRNN(5, 2, None, 4, 3, chunk_size=6, hop_size=2, n_repeats=2, **arguments)
    frames = torch.randn(2, 5, 31)

    def gradients() -> list[torch.Tensor]:
        torch.manual_seed(1)
        return list(torch.autograd.grad(network(frames).square().mean(), network.parameters()))

    found = gradients()
    monkeypatch.setattr(dual_path, "is_plain_training", lambda x: False)  # keeps all
    torch.testing.assert_close(found, gradients(), rtol=1e-5, atol=1e-8)


def test_training_keeps_little_of_the_networks_across_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    network, frames = DPRNN(8, 2, None, 8, 8, chunk_size=10, hop_size=5, n_repeats=2), torch.randn(1, 8, 200)

    def kept() -> int:
        sizes: list[int] = []

        def count(tensor: torch.Tensor) -> torch.Tensor:
            sizes.append(tensor.numel())
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
            network(frames)
        return sum(sizes)

    few = kept()
    monkeypatch.setattr(dual_path, "is_plain_training", lambda x: False)
    assert few < 0.7 * kept()
