"""DeMask's examples: what the mask does, what the target keeps, and that nothing but seed, epoch and number decides."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from separate_cli.data.augment import align_response, apply_room
from separate_cli.data.corpus import Corpus
from separate_cli.data.demask import DemaskDataset, Scene
from separate_cli.data.facemask import apply_filter, mask_filter, measured_gains
from separate_cli.data.sampling import Draw, EpochBatches
from separate_cli.errors import InputError
from separate_cli.specs.demask import DemaskExamples

PLAIN = {
    "segment_seconds": 1.0,
    "speed": 1,
    "gain_db": 0,
    "masks": ["N95"],
    "identity_probability": 0,
    "jitter_probability": 0,
}


def dataset(corpus: Corpus, part: str = "train", seed: int = 0, **changes: object) -> DemaskDataset:
    return DemaskDataset(corpus, DemaskExamples.model_validate({**PLAIN, **changes}), part=part, seed=seed)


def test_mixture_is_the_target_behind_the_mask_in_phase(corpus: Corpus) -> None:
    mixture, target = dataset(corpus)[3]
    assert mixture.shape == (16000,) and target.shape == (1, 16000)
    taps = mask_filter(measured_gains("N95"), sample_rate=16000)
    np.testing.assert_allclose(mixture, np.convolve(target[0].numpy(), taps)[48:-48], atol=1e-6)


def test_target_is_an_excerpt_of_the_recording(corpus: Corpus) -> None:
    _, target = dataset(corpus, segment_seconds=0.25)[0]
    waves = [corpus.load(recording)[0] for recording in corpus.recordings("speech", "train")]
    found = [
        np.array_equal(wave[i : i + 4000], target[0])
        for wave in waves
        for i in np.flatnonzero(wave == target[0, 0].item())
    ]
    assert sum(found) == 1


def test_without_a_mask_mixture_and_target_agree(corpus: Corpus) -> None:
    mixture, target = dataset(corpus, identity_probability=1)[0]
    torch.testing.assert_close(mixture, target[0], rtol=0, atol=0)


def test_probabilities_are_kept(corpus: Corpus) -> None:
    examples = dataset(corpus, segment_seconds=0.05, identity_probability=0.25, examples_per_epoch=400)
    plain = sum(torch.equal(mixture, target[0]) for mixture, target in (examples[i] for i in range(400)))
    assert 75 <= plain <= 125  # three standard deviations


def test_noise_has_the_asked_ratio_to_the_muffled_speech(corpus: Corpus) -> None:
    for index in range(4):  # both noise files, one of them shorter than an example
        noisy, target = dataset(corpus, noise_probability=1, noise_snr_db=7)[index]
        muffled = apply_filter(target[0].numpy(), mask_filter(measured_gains("N95"), sample_rate=16000))
        residual = noisy.numpy().astype(np.float64) - muffled
        assert 10 * np.log10(np.sum(muffled.astype(np.float64) ** 2) / np.sum(residual**2)) == pytest.approx(
            7, abs=0.01
        )


@pytest.mark.parametrize("room_target", ["reverberant", "early"])
def test_the_room_reaches_the_mixture_and_as_much_of_the_target_as_wanted(corpus: Corpus, room_target: str) -> None:
    wishes = {"room_probability": 1, "room_target": room_target, "early_seconds": 0.004}
    mixture, target = dataset(corpus, **wishes)[5]
    dry = dataset(corpus)[5][1][0].numpy()
    assert np.corrcoef(dry, target[0])[0, 1] > 0.3  # in time with the dry speech
    muffled_target = apply_filter(target[0].numpy(), mask_filter(measured_gains("N95"), sample_rate=16000))
    assert np.allclose(mixture, muffled_target, atol=1e-5) == (room_target == "reverberant")


def test_early_target_keeps_only_the_beginning_of_the_response() -> None:
    rng = np.random.default_rng(0)
    speech = rng.standard_normal(2000).astype(np.float32)
    response = align_response(rng.standard_normal(300).astype(np.float32), max_frames=200)
    mixture, target = Scene(response=response, early_frames=20).play(speech)
    np.testing.assert_allclose(mixture, apply_room(speech, response), atol=1e-6)
    np.testing.assert_allclose(target, np.convolve(speech, response[:20])[:2000], atol=1e-4)


def test_level_and_speed_are_drawn_from_their_ranges(corpus: Corpus) -> None:
    reference = dataset(corpus, segment_seconds=0.2)
    louder = dataset(corpus, segment_seconds=0.2, gain_db=6)
    torch.testing.assert_close(louder[2][1], reference[2][1] * 10 ** (6 / 20))
    levels = [dataset(corpus, gain_db=[-20, 0])[i][1].abs().max() for i in range(8)]
    assert len(set(levels)) == 8


def test_an_example_longer_than_its_recording_ends_in_silence(corpus: Corpus) -> None:
    _, target = dataset(corpus, segment_seconds=3.0)[0]
    assert target.shape == (1, 48000)
    assert target[0, -10000:].abs().max() == 0 < target[0, :20000].abs().max()


def test_colour_and_muted_pauses_reach_target_and_mixture_alike(corpus: Corpus) -> None:
    taps = mask_filter(measured_gains("N95"), sample_rate=16000)
    plain = dataset(corpus)[1][1]
    for wish in ({"colour_probability": 1}, {"mute_probability": 1, "mute_below_db": -10}):
        mixture, target = dataset(corpus, **wish)[1]
        assert not torch.allclose(target, plain, atol=1e-3)
        np.testing.assert_allclose(mixture, apply_filter(target[0].numpy(), taps), atol=1e-6)


WILD = {
    "colour_probability": 0.5,
    "mute_probability": 0.5,
    "speed": [0.9, 1.1],
    "gain_db": [-12, 6],
    "jitter_probability": 0.5,
    "room_probability": 0.5,
    "noise_probability": 0.5,
    "segment_seconds": 0.3,
    "examples_per_epoch": 12,
}


def epoch_of(corpus: Corpus, epoch: int, workers: int = 0, start: int = 0) -> list[torch.Tensor]:
    examples = dataset(corpus, **WILD)
    batches = EpochBatches(len(examples), 3, seed=0)
    batches.epoch, batches.start = epoch, start
    context = "fork" if workers else None
    loader = DataLoader(examples, batch_sampler=batches, num_workers=workers, multiprocessing_context=context)
    return [torch.cat([mixture[:, None], target], dim=1) for mixture, target in loader]


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning", "ignore:This DataLoader:UserWarning")
def test_batches_are_the_same_for_any_number_of_workers_and_any_start(corpus: Corpus) -> None:
    whole = epoch_of(corpus, 2)
    assert len(whole) == 4
    for other, rest in ((epoch_of(corpus, 2, workers=2), whole), (epoch_of(corpus, 2, start=3), whole[3:])):
        for batch, expected in zip(other, rest, strict=True):
            assert torch.equal(batch, expected)


def test_another_epoch_or_seed_gives_other_examples(corpus: Corpus) -> None:
    examples = dataset(corpus, **WILD)
    assert not torch.equal(examples[Draw(0, 1)][0], examples[Draw(1, 1)][0])
    assert not torch.equal(examples[1][0], dataset(corpus, seed=1, **WILD)[1][0])
    assert torch.equal(examples[1][0], examples[Draw(0, 1)][0])


def test_short_epochs_walk_through_all_recordings(corpus: Corpus) -> None:
    examples = dataset(corpus, examples_per_epoch=3, segment_seconds=0.1)
    n = len(corpus.recordings("speech", "train"))
    heard = {examples.speech[(epoch * 3 + i) % n].path for epoch in range(3) for i in range(3)}
    assert len(examples) == 3 and n == 8 and len(heard) == 8


def test_rooms_and_noise_are_optional(corpus: Corpus) -> None:
    for role in ("rooms", "noise"):
        (corpus.folder / f"{role}.jsonl").write_text("")
    plain, wild = dataset(corpus), dataset(corpus, room_probability=1, noise_probability=1)
    assert not wild.scenes.rooms and not wild.scenes.noises
    assert torch.equal(plain[0][1], wild[0][1])


def test_a_part_without_speech_is_an_input_error(corpus: Corpus) -> None:
    (corpus.folder / "speech.jsonl").write_text("")
    with pytest.raises(InputError, match="no speech to valid on"):
        dataset(corpus, part="valid")


def test_numbers_outside_the_set_are_refused(corpus: Corpus) -> None:
    with pytest.raises(IndexError):
        dataset(corpus)[8]
