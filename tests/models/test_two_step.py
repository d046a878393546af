"""Two-step separation: latent targets, what step 2 trains."""

from __future__ import annotations

import torch

from separate_cli.models.two_step import TwoStepTDCN


def tiny() -> TwoStepTDCN:
    torch.manual_seed(0)
    return TwoStepTDCN(2, n_filters=8, bn_chan=6, hid_chan=7, n_blocks=2, n_repeats=1).eval()


def scene() -> tuple[torch.Tensor, torch.Tensor]:
    sources = torch.randn(3, 2, 205, generator=torch.Generator().manual_seed(0))
    return sources.sum(1), sources


def test_latent_targets_sum_to_the_encoded_mixture() -> None:
    model, (mixture, sources) = tiny(), scene()
    targets = model.latent_targets(mixture, sources)
    torch.testing.assert_close(targets.sum(1), model.encoder(mixture).relu())


def test_the_source_that_a_filter_answers_to_gets_its_share() -> None:
    model, (mixture, sources) = tiny(), scene()
    encoded = torch.stack([model.encoder(source).relu() for source in sources.unbind(1)], 1)
    share = encoded.exp() / encoded.exp().sum(1, keepdim=True)
    torch.testing.assert_close(
        model.latent_targets(mixture, sources), share * model.encoder(mixture).relu().unsqueeze(1)
    )


def test_reconstruction_is_linear_in_the_decoder_and_as_long_as_the_mixture() -> None:
    model, (mixture, sources) = tiny(), scene()
    reconstructed = model.reconstruct(mixture, sources)
    assert reconstructed.shape == sources.shape
    torch.testing.assert_close(
        reconstructed.sum(1)[:, :200], model.decoder(model.encoder(mixture).relu()).squeeze(1)[:, :200]
    )


def test_estimates_are_the_decoded_latent_estimates() -> None:
    model, (mixture, _) = tiny(), scene()
    decoded = model.decoder(model.estimate_latents(mixture))
    torch.testing.assert_close(model(mixture)[..., : decoded.shape[-1]], decoded[..., :205])


def test_step_two_leaves_the_filterbank_alone() -> None:
    model, (mixture, sources) = tiny(), scene()
    model.freeze_filterbank()
    (model.estimate_latents(mixture) - model.latent_targets(mixture, sources)).square().sum().backward()
    trained = {name for name, p in model.named_parameters() if p.grad is not None}
    assert trained == {name for name, _ in model.named_parameters() if name.startswith("masker.")}
