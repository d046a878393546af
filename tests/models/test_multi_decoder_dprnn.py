"""Multi-Decoder DPRNN: each decoder is a DPRNN-TasNet, counting, stages."""

from __future__ import annotations

import pytest
import torch

from separate_cli.models.dprnn_tasnet import DPRNNTasNet
from separate_cli.models.multi_decoder_dprnn import MultiDecoderDPRNN

SIZES = {"bn_chan": 6, "hid_size": 5, "n_repeats": 2, "chunk_size": 6, "n_filters": 8}


def tiny(**options: object) -> MultiDecoderDPRNN:
    torch.manual_seed(0)
    return MultiDecoderDPRNN([2, 3, 5], **SIZES, **options).eval()


def waves(batch: int = 3) -> torch.Tensor:
    return torch.randn(batch, 400, generator=torch.Generator().manual_seed(0))


@torch.no_grad()
@pytest.mark.parametrize("use_mulcat", [False, True])
@pytest.mark.parametrize(("index", "count"), [(0, 2), (1, 3), (2, 5)])
def test_a_decoder_with_the_network_is_a_dprnn_tasnet(index: int, count: int, use_mulcat: bool) -> None:
    model = tiny(use_mulcat=use_mulcat)
    own = {f"masker.{k}": v for k, v in model.masker.state_dict().items()}
    for key, value in model.decoder_select.decoders[index].state_dict().items():
        own[f"decoder.{key.removeprefix('trans_conv.')}" if "trans_conv" in key else f"masker.{key}"] = value
    own |= {f"encoder.{k}": v for k, v in model.encoder.state_dict().items()}
    single = DPRNNTasNet(count, use_mulcat=use_mulcat, **SIZES).eval()
    single.load_state_dict(own)
    found = model(waves(), torch.full((3,), count))
    torch.testing.assert_close(found[:, :count], single(waves()), rtol=1e-4, atol=1e-5)
    assert not found[:, count:].any()


@torch.no_grad()
def test_the_decoder_with_the_highest_score_is_used() -> None:
    model = tiny()
    model.decoder_select.selector[3].bias[1] += 100
    assert model.count_speakers(waves()).tolist() == [3, 3, 3]
    torch.testing.assert_close(model(waves()), model(waves(), torch.tensor([3, 3, 3])))


@torch.no_grad()
def test_examples_of_a_batch_may_have_different_numbers() -> None:
    model, counts = tiny(), torch.tensor([5, 2, 3])
    together = model(waves(), counts)
    for row, (wav, count) in enumerate(zip(waves(), counts, strict=True)):
        torch.testing.assert_close(together[row], model(wav, count.reshape(1)), rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_scores_come_from_the_mean_of_the_first_layer() -> None:
    model = tiny()
    *_, chunks = model.masker(model.encoder(waves().unsqueeze(1)))
    torch.testing.assert_close(model.decoder_select.scores(chunks), model.decoder_select.selector(chunks).flatten(1))


def test_training_sees_every_block_and_trains_all() -> None:
    model = tiny().train()
    estimates, scores = model.forward_stages(waves(), torch.tensor([2, 3, 5]))
    assert (estimates.shape, scores.shape) == ((3, 2, 5, 400), (3, 2, 3))
    (estimates.square().sum() + scores.square().sum()).backward()
    assert all(p.grad is not None for p in model.parameters())
    torch.testing.assert_close(estimates[:, -1], model(waves(), torch.tensor([2, 3, 5])))


def test_a_number_without_a_decoder_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\(2, 3, 5\) speakers, got \[4, 2, 2\]"):
        tiny()(waves(), torch.tensor([4, 2, 2]))
