"""Chimera: the recipe's weights, unit embeddings, separation by clustering."""

from __future__ import annotations

import pytest
import torch

from separate_cli.models.chimera import Chimera


def tiny(**options: object) -> Chimera:
    torch.manual_seed(0)
    sizes = {"n_filters": 64, "kernel_size": 64, "stride": 16, "hidden_size": 5, "embedding_dim": 4}
    return Chimera(2, **sizes, **options).eval()


def test_weights_are_named_as_in_the_recipe() -> None:
    names = {name.rsplit(".", 1)[0] for name, _ in tiny().named_parameters()}
    assert names == {"masker.rnn.rnn", "masker.mask_layer", "masker.embedding_layer"}


def test_training_checkpoint_of_the_recipe_loads_through_the_class() -> None:
    model = tiny(take_log=True)
    stored = {
        "training_config": {
            "filterbank": {"n_filters": 64, "kernel_size": 64, "stride": 16},
            "masknet": {"rnn_type": "lstm", "n_layers": 2, "hidden_size": 5, "embedding_dim": 4, "take_log": True},
            "data": {"n_src": 2, "sample_rate": 8000},
        },
        "state_dict": {f"model.{name}": value for name, value in model.state_dict().items()},
    }
    wav = torch.randn(1, 300)
    torch.testing.assert_close(Chimera.from_pretrained(stored)(wav), model(wav))


def test_embeddings_are_unit_vectors_one_a_bin() -> None:
    embeddings = tiny(take_log=True).embed(torch.randn(2, 400))
    assert embeddings.shape == (2, 33 * 22, 4)
    torch.testing.assert_close(torch.linalg.vector_norm(embeddings, dim=-1), torch.ones(2, 33 * 22))


def test_embeddings_that_tell_frequencies_apart_separate_two_tones() -> None:
    model = tiny(head="clustering")
    time = torch.arange(2000) / 8000
    tones = torch.stack([torch.sin(2 * torch.pi * hertz * time) for hertz in (500.0, 3000.0)])
    high = (torch.arange(33) > 14).float()
    vectors = torch.stack([high, 1 - high], -1).repeat_interleave(122, 0).unsqueeze(0)  # (1, freq * frame, 2)
    model.masker.embeddings = lambda hidden: vectors  # type: ignore[method-assign]
    found = model(tones.sum(0))
    order = [0, 1] if torch.dot(found[0], tones[0]) > torch.dot(found[0], tones[1]) else [1, 0]
    torch.testing.assert_close(found[order][:, 64:-64], tones[:, 64:-64], rtol=0, atol=0.02)


def test_clustered_masks_are_zero_or_one_and_share_every_loud_bin() -> None:
    model = tiny(head="clustering")
    masks = model.forward_masker(model.encoder(torch.randn(1, 800)))
    assert set(masks.unique().tolist()) <= {0.0, 1.0}
    assert (masks.sum(1) >= 1).all()
    assert (masks.sum(1) == 1).float().mean() > 0.9


def test_both_heads_are_trained() -> None:
    model, wav = tiny(), torch.randn(1, 400)
    (model(wav).square().mean() + model.embed(wav).square().mean()).backward()
    assert all(p.grad is not None for p in model.parameters())


def test_unknown_head_is_refused() -> None:
    with pytest.raises(ValueError, match="'masks' or 'clustering', got 'both'"):
        tiny(head="both")


@pytest.mark.parametrize("normalize", ["frames", "recording"])
def test_level_does_not_matter_when_asked(normalize: str) -> None:
    model, wav = tiny(take_log=True, normalize=normalize).eval(), torch.randn(1, 400)
    with torch.no_grad():
        torch.testing.assert_close(model(100 * wav), 100 * model(wav), rtol=1e-3, atol=1e-2)
        torch.testing.assert_close(model.embed(10 * wav), model.embed(wav), rtol=1e-3, atol=1e-4)


def test_a_microphone_does_not_matter_when_recordings_are_normalised() -> None:
    model, wav = tiny(take_log=True, normalize="recording").eval(), torch.randn(1, 4000)
    frames = model.forward_encoder(wav.unsqueeze(1))
    gains = torch.linspace(0.8, 1.25, frames.shape[1] // 2).repeat(2).unsqueeze(-1)
    with torch.no_grad():
        masks, coloured = model.forward_masker(frames), model.forward_masker(gains * frames)
        torch.testing.assert_close(coloured, masks, rtol=0, atol=1e-2)
        as_is = tiny(take_log=True).eval()
        assert (as_is.forward_masker(gains * frames) - as_is.forward_masker(frames)).abs().max() > 1e-2


def test_what_is_above_what_is_heard_does_not_matter() -> None:
    model, wav = tiny(take_log=True, normalize="recording", heard_hz=2000).eval(), torch.randn(1, 400)
    frames = model.forward_encoder(wav.unsqueeze(1))
    freqs = frames.shape[1] // 2
    above = torch.arange(freqs) * 4000 / (freqs - 1) > 2000
    changed = frames * torch.where(above, 10.0, 1.0).repeat(2).unsqueeze(-1)
    with torch.no_grad():
        masks = model.forward_masker(frames)
        assert masks.shape[2] == freqs
        torch.testing.assert_close(model.forward_masker(changed), masks, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("wishes", "message"),
    [
        ({"normalize": "frames"}, "needs take_log"),
        ({"normalize": "files", "take_log": True}, "'none', 'frames', 'recording', got 'files'"),
        ({"heard_hz": 5000}, "half the sample rate, got 5000"),
    ],
)
def test_settings_that_make_no_sense_are_refused(wishes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tiny(**wishes)


def test_separated_waves_beside_embeddings_are_those_of_the_model() -> None:
    model, wav = tiny(take_log=True).eval(), torch.randn(2, 400)
    embeddings, waves = model.embed_and_separate(wav)
    torch.testing.assert_close(waves, model(wav))
    torch.testing.assert_close(embeddings, model.embed(wav))
