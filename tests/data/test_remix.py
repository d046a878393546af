"""Dynamic mixing: different speakers, asked levels and overlaps, sums that hold, decided by seed, epoch and number."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from corpora import mixtures
from separate_cli.data.corpus import Corpus
from separate_cli.data.examples import make_examples
from separate_cli.data.remix import RemixDataset, active_level_db, overlapping
from separate_cli.data.sampling import Draw, EpochBatches, Examples
from separate_cli.errors import InputError
from separate_cli.specs.examples import RemixExamples

WILD = {
    "speed": [0.9, 1.1],
    "reverse_probability": 0.5,
    "colour_probability": 0.5,
    "band_probability": 0.5,
    "overlap": [0.2, 1],
    "room_probability": 0.5,
    "noise_probability": 0.5,
    "n_src": 3,
}


def remix(corpus: Corpus, *, part: str = "train", seed: int = 0, **wishes: Any) -> RemixDataset:
    examples = make_examples(spec(**wishes), corpus, part=part, seed=seed)
    assert isinstance(examples, RemixDataset)
    return examples


def spec(**wishes: Any) -> RemixExamples:
    return RemixExamples.model_validate({"segment_seconds": 0.5, "sample_rate": 16000, **wishes})


def test_the_mixture_is_the_sum_of_its_sources(corpus: Corpus) -> None:
    for mixture, references in (remix(corpus)[i] for i in range(8)):
        assert mixture.shape == (8000,) and references.shape == (2, 8000)
        torch.testing.assert_close(mixture, references.sum(0))


def matches(corpus: Corpus, **wishes: Any) -> list[list[tuple[float, str]]]:
    """Of each of six mixtures, each source: its best correlation with a recording, and which."""
    waves = {item.path: corpus.load(item)[0] for item in corpus.recordings("speech", "train")}
    found = []
    for number in range(6):
        _, references = remix(corpus, segment_seconds=0.1, **wishes)[number]
        found.append(
            [max((_match(reference, wave), path) for path, wave in waves.items()) for reference in references.numpy()]
        )
    return found


def _match(excerpt: np.ndarray, wave: np.ndarray) -> float:
    windows = np.sqrt(np.convolve(wave.astype(np.float64) ** 2, np.ones(1600), "valid"))
    products = np.fft.irfft(np.fft.rfft(wave, 65536) * np.fft.rfft(excerpt, 65536).conj())[: len(windows)]
    return float(np.max(products / windows) / np.linalg.norm(excerpt))


def test_sources_are_excerpts_of_different_speakers(corpus: Corpus) -> None:
    seen = []
    for found in matches(corpus):
        assert [score for score, _ in found] == pytest.approx([1, 1], abs=1e-3)
        speakers = [path.split("/")[1] for _, path in found]
        assert len(set(speakers)) == 2
        seen.append(frozenset(speakers))
    assert len(set(seen)) > 3


def test_played_backwards_a_recording_is_found_backwards(corpus: Corpus) -> None:
    waves = [corpus.load(item)[0] for item in corpus.recordings("speech", "train")]
    for number in range(4):
        for reference in remix(corpus, segment_seconds=0.1, reverse_probability=1.0)[number][1].numpy():
            assert max(_match(reference[::-1], wave) for wave in waves) == pytest.approx(1, abs=1e-3)
            assert max(_match(reference, wave) for wave in waves) < 0.99


def test_equalised_recordings_are_alike_but_not_the_same(corpus: Corpus) -> None:
    scores = [score for found in matches(corpus, colour_probability=1.0, colour_db=6.0) for score, _ in found]
    assert all(0.3 < score < 0.9999 for score in scores)


def test_a_limited_band_is_that_of_the_mixture_and_its_sources(corpus: Corpus) -> None:
    for number in range(4):
        whole = remix(corpus)[number]
        limited = remix(corpus, band_probability=1.0, band_share=0.5)[number]
        torch.testing.assert_close(limited[0], limited[1].sum(0), atol=1e-6, rtol=0)
        high, before = (wave.double().numpy() for wave in (limited[0], whole[0]))
        assert _above(high, 0.9) < 0.1 * _above(before, 0.9)


def _above(wave: np.ndarray, share: float) -> float:
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    return float(np.sqrt(np.mean(spectrum[int(share * len(spectrum)) :] ** 2)))


def test_levels_are_drawn_from_their_range(corpus: Corpus) -> None:
    examples = remix(corpus, level_db=[-31, -26])
    levels = [active_level_db(wave.numpy(), sample_rate=16000) for i in range(8) for wave in examples[i][1]]
    assert -31.01 < min(levels) < -29.5 and -27.5 < max(levels) < -25.99
    assert levels[0] != levels[1]


def test_loud_mixtures_are_turned_down_with_their_sources(corpus: Corpus) -> None:
    mixture, references = remix(corpus, level_db=6, max_peak=0.5)[0]
    assert mixture.abs().max().item() == pytest.approx(0.5)
    torch.testing.assert_close(mixture, references.sum(0))


@pytest.mark.parametrize(("overlap", "together"), [(1, 8000), (0.5, 2667), (0, 0)])
def test_sources_sound_together_as_long_as_asked(corpus: Corpus, overlap: float, together: int) -> None:
    for number in range(4):
        _, references = remix(corpus, overlap=overlap)[number]
        both = references.abs().cumsum(1).sign() * references.abs().flip(1).cumsum(1).flip(1).sign()
        assert int(both.prod(0).sum()) == pytest.approx(together, abs=60)  # a few samples are 0


@pytest.mark.parametrize("n_src", [1, 2, 3, 5])
@pytest.mark.parametrize("overlap", [0.0, 0.3, 1.0])
def test_places_fill_the_mixture_with_equal_overlaps(n_src: int, overlap: float) -> None:
    places = overlapping(10007, n_src, overlap=overlap)
    assert places[0][0] == 0 and abs(sum(places[-1]) - 10007) <= 1 and len({length for _, length in places}) == 1
    for (begin, length), (following, _) in itertools.pairwise(places):
        assert (begin + length - following) / length == pytest.approx(overlap, abs=0.002)


def test_fewer_sources_leave_the_last_ones_silent(corpus: Corpus) -> None:
    counts = [int(remix(corpus, n_src=3, fewest_src=1)[i][1].any(dim=1).sum()) for i in range(8)]
    assert set(counts) == {1, 2, 3}
    for i, count in enumerate(counts):
        assert remix(corpus, n_src=3, fewest_src=1)[i][1][:count].any(dim=1).all()


def test_noise_has_the_asked_ratio_to_the_loudest_source(corpus: Corpus) -> None:
    for number in range(4):
        mixture, references = remix(corpus, noise_probability=1, noise_snr_db=4, level_db=-40)[number]
        energies = references.double().square().sum(1)
        noise = (mixture.double() - references.double().sum(0)).square().sum()
        assert 10 * torch.log10(energies.max() / noise).item() == pytest.approx(4, abs=0.01)


def test_in_a_room_the_mixture_has_all_of_it_and_the_target_only_the_wanted_part(corpus: Corpus) -> None:
    wishes = {"room_probability": 1, "n_src": 1, "level_db": -40}
    wet, _ = remix(corpus, room_target="reverberant", **wishes)[3]
    heard, direct = remix(corpus, **wishes)[3]
    dry = remix(corpus, n_src=1, level_db=-40)[3][1]
    torch.testing.assert_close(heard, wet)
    ratio = direct[0] @ dry[0] / (dry[0] @ dry[0])
    torch.testing.assert_close(direct[0], ratio * dry[0], atol=1e-6, rtol=1e-4)  # only the direct sound
    assert (wet - direct[0]).square().sum() > 0.01 * wet.square().sum()
    early = remix(corpus, early_seconds=0.01, **wishes)[3][1]
    assert (wet - early[0]).square().sum() < (wet - direct[0]).square().sum()


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning", "ignore:This DataLoader:UserWarning")
def test_batches_are_the_same_for_any_number_of_workers_start_and_cache(corpus: Corpus) -> None:
    def batches(workers: int, start: int = 0, cache: int = 0) -> list[torch.Tensor]:
        examples = remix(corpus, **WILD, examples_per_epoch=9, cache_megabytes=cache)
        sampler = EpochBatches(9, 3, seed=1)
        sampler.epoch, sampler.start = 2, start
        context = "fork" if workers else None
        loader = DataLoader(examples, batch_sampler=sampler, num_workers=workers, multiprocessing_context=context)
        return [torch.cat([mixture[:, None], references], dim=1) for mixture, references in loader]

    whole = batches(0)
    assert len(whole) == 3
    for other, rest in ((batches(2), whole), (batches(0, 2), whole[2:]), (batches(0, cache=1), whole)):
        assert all(torch.equal(*pair) for pair in zip(other, rest, strict=True))


def test_another_epoch_or_seed_gives_other_mixtures(corpus: Corpus) -> None:
    first = remix(corpus)[Draw(0, 1)][0]
    assert not torch.equal(first, remix(corpus)[Draw(1, 1)][0])
    assert not torch.equal(first, remix(corpus, seed=1)[Draw(0, 1)][0])
    assert torch.equal(first, remix(corpus)[1][0])


def test_lists_of_rooms_and_noise_are_needed_only_where_they_are_asked_for(corpus: Corpus) -> None:
    for role in ("rooms", "noise"):
        (corpus.folder / f"{role}.jsonl").unlink()
    assert remix(corpus)[0][0].any()
    with pytest.raises(InputError, match=r"noise\.jsonl"):
        remix(corpus, noise_probability=0.5)


def test_recordings_shorter_than_an_example_are_somewhere_in_it(corpus: Corpus) -> None:
    starts = [int(remix(corpus, n_src=1, segment_seconds=3)[i][1][0].nonzero()[0]) for i in range(8)]
    assert len(set(starts)) > 4 and max(starts) > 8000


def test_too_few_speakers_are_an_input_error(corpus: Corpus) -> None:
    with pytest.raises(InputError, match=r"has 1 speaker\(s\) to valid on; 2 are to be mixed"):
        remix(corpus, part="valid")


def test_the_targets_of_prepared_mixtures_can_be_mixed_anew(tmp_path: Path) -> None:
    mixtures.make(tmp_path, [2, 3], part="train")
    corpus = Corpus(tmp_path, {})
    examples = remix(corpus, mix_from="mixtures", sample_rate=8000, segment_seconds=0.2)
    assert sorted(utterance.speaker for utterance in examples.utterances) == ["p00", "p01", "p10", "p11", "p12"]
    mixture, references = examples[0]
    torch.testing.assert_close(mixture, references.sum(0))


def test_prepared_mixtures_validate_where_there_are_any(corpus: Corpus, tmp_path: Path) -> None:
    def valid(**wishes: Any) -> Examples:
        wishes = {"sample_rate": 8000, "segment_seconds": 0.2, "n_src": 2, **wishes}
        return make_examples(spec(**wishes), Corpus(tmp_path / "m", {}), part="valid", seed=0)

    mixtures.make(tmp_path / "m", [2, 2], part="valid")
    mixture, references = valid()[0]
    torch.testing.assert_close(mixture, references.sum(0))
    noisy, references = valid(noise_probability=1)[0]
    assert not torch.allclose(noisy, references.sum(0), atol=1e-3)
    assert len(valid()) == 2 and len(valid(valid_examples=5)) == 5
