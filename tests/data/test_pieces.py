"""Signals of mixtures: against NumPy and SciPy, excerpts against the whole, rounding against libsndfile."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.signal import resample_poly

from separate_cli.data.corpus import Corpus
from separate_cli.data.looping import extend, looped
from separate_cli.data.mixtures import Mixture, Piece, Signal
from separate_cli.data.pieces import round_as_file
from separate_cli.errors import InputError

FRAMES = 2000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of three rates, in a corpus and beside it."""
    root = tmp_path_factory.mktemp("pieces")
    rng = np.random.default_rng(0)
    (root / "speech").mkdir()
    (root / "out").mkdir()
    soundfile.write(root / "out" / "a.wav", 0.2 * rng.standard_normal(2500), 8000)
    soundfile.write(root / "speech" / "b.flac", 0.2 * rng.standard_normal(3900), 16000)
    soundfile.write(root / "speech" / "c.flac", 0.2 * rng.standard_normal((9000, 2)), 44100)
    return root


def corpus(folder: Path) -> Corpus:
    return Corpus(folder / "out", {"speech": folder / "speech"})


def mixture(bits: int | None = None, **signals: Signal) -> Mixture:
    return Mixture("m", "test", 8000, FRAMES, signals, bits=bits)


def samples(folder: Path, name: str) -> np.ndarray:
    return soundfile.read(folder / name, dtype="float32", always_2d=True)[0].T


def test_a_file_at_the_mixtures_rate_is_cut_to_its_length(folder: Path) -> None:
    wave = corpus(folder).signal(mixture(s1=Piece("a.wav")), "s1")
    np.testing.assert_array_equal(wave, samples(folder, "out/a.wav")[:, :FRAMES])


def test_start_frames_gain_offset_are_those_of_the_piece(folder: Path) -> None:
    piece = Piece("a.wav", start=100, frames=300, offset=50, gain=0.5)
    expected = np.zeros((1, FRAMES), np.float32)
    expected[:, 50:350] = 0.5 * samples(folder, "out/a.wav")[:, 100:400]
    np.testing.assert_array_equal(corpus(folder).signal(mixture(s1=piece), "s1"), expected)


def test_another_rate_is_a_polyphase_filter_over_the_whole_piece_after_the_gain(folder: Path) -> None:
    piece = Piece("b.flac", "speech", gain=0.7, start=37)
    wave = corpus(folder).signal(mixture(s1=piece), "s1")
    expected = resample_poly(samples(folder, "speech/b.flac")[0, 37:] * np.float32(0.7), 8000, 16000)
    np.testing.assert_array_equal(wave[0, : len(expected)], expected)
    assert not wave[0, len(expected) :].any() and len(expected) < FRAMES


def test_one_channel_or_all(folder: Path) -> None:
    one, both = (corpus(folder).signal(mixture(s=Piece("c.flac", "speech", channel=c)), "s") for c in (1, None))
    np.testing.assert_array_equal(one, both[1:])
    assert both.shape == (2, FRAMES)
    with pytest.raises(InputError, match="channel 3 is wanted"):
        corpus(folder).signal(mixture(s=Piece("c.flac", "speech", channel=2)), "s")


def test_speed_plays_the_file_faster_before_anything_is_cut(folder: Path) -> None:
    wave = corpus(folder).signal(mixture(s=Piece("a.wav", speed=1.2, start=11)), "s")
    expected = resample_poly(samples(folder, "out/a.wav")[0], 5, 6)[11:]
    np.testing.assert_allclose(wave[0, : len(expected)], expected[:FRAMES], atol=1e-7)


def test_noise_that_is_too_short_starts_over_with_a_crossfade() -> None:
    noise = np.random.default_rng(0).standard_normal((1, 1000)).astype(np.float32)
    longer = extend(noise, 2500, crossfade=201)
    np.testing.assert_array_equal(longer[:, :799], noise[:, :799])
    np.testing.assert_array_equal(longer[:, 1000:1598], noise[:, 201:799])
    window = np.hanning(401)
    np.testing.assert_allclose(
        longer[0, 799:1000], noise[0, 799:] * window[200:] + noise[0, :201] * window[:201], atol=1e-6
    )
    assert longer.shape == (1, 2500)
    assert extend(noise, 900, crossfade=201) is noise
    with pytest.raises(InputError, match="too few"):
        extend(noise[:, :200], 900, crossfade=201)


@pytest.mark.parametrize("crossfade", [1, 200, 499, 500, 700])  # beyond 500, seams reach into each other
def test_any_stretch_of_repeated_noise_has_the_samples_of_the_whole(crossfade: int) -> None:
    noise = np.random.default_rng(0).standard_normal((2, 1000)).astype(np.float32)
    whole = extend(noise, 4000, crossfade=crossfade)
    for start, stop in (
        (0, 4000),
        (0, 1),
        (799, 802),
        (1000 - crossfade, 1000),
        (1234, 3999),
        (3000, 3000),
        (3900, 4000),
    ):
        part = looped(noise, start, stop, frames=4000, crossfade=crossfade)
        np.testing.assert_array_equal(part, whole[:, start:stop])


def test_crossfade_is_used_only_where_the_file_ends_too_early(folder: Path) -> None:
    signals = mixture(long=Piece("a.wav", frames=1900, crossfade=101), short=Piece("a.wav", frames=5000, crossfade=101))
    file = samples(folder, "out/a.wav")
    assert not corpus(folder).signal(signals, "long")[0, 1900:].any()
    np.testing.assert_array_equal(
        corpus(folder).signal(signals, "short"), extend(file, 5000, crossfade=101)[:, :FRAMES]
    )


def test_a_sum_adds_what_is_not_rounded_and_is_rounded_then(folder: Path) -> None:
    signals = mixture(16, s1=Piece("a.wav", gain=0.31), s2=Piece("b.flac", "speech", gain=0.77), mix=("s1", "s2"))
    exact = mixture(None, **signals.signals)
    parts = [corpus(folder).signal(exact, name) for name in ("s1", "s2")]
    np.testing.assert_array_equal(corpus(folder).signal(signals, "mix"), round_as_file(parts[0] + parts[1], 16))
    np.testing.assert_array_equal(corpus(folder).signal(signals, "s1"), round_as_file(parts[0], 16))


def test_mono_is_added_to_all_channels_and_other_numbers_are_refused(folder: Path) -> None:
    stereo, mono = Piece("c.flac", "speech"), Piece("a.wav")
    wave = corpus(folder).signal(mixture(a=mono, b=stereo, mix=("a", "b")), "mix")
    alone = corpus(folder).signal(mixture(a=mono, b=stereo), "b")
    np.testing.assert_array_equal(wave, alone + samples(folder, "out/a.wav")[:, :FRAMES])
    soundfile.write(folder / "out" / "three.wav", np.zeros((2000, 3)), 8000)
    with pytest.raises(InputError, match="has 2 channels, what it is added to has 3"):
        corpus(folder).signal(mixture(a=Piece("three.wav"), b=stereo, mix=("a", "b")), "mix")


@pytest.mark.parametrize("bits", [16, 24, 32])
def test_rounding_is_that_of_a_wav_file(tmp_path: Path, bits: int) -> None:
    wave = (0.5 * np.random.default_rng(0).standard_normal(20000)).astype(np.float32)
    wave[:4] = [1, -1, 0.99999, 3]
    soundfile.write(tmp_path / "a.wav", wave, 8000, subtype=f"PCM_{bits}")
    np.testing.assert_array_equal(round_as_file(wave, bits), soundfile.read(tmp_path / "a.wav", dtype="float32")[0])


PIECES = st.builds(
    Piece,
    path=st.sampled_from(["b.flac", "c.flac"]),
    corpus=st.just("speech"),
    start=st.integers(0, 3000),
    frames=st.none() | st.integers(1, 800),
    offset=st.integers(0, 2500),
    gain=st.sampled_from([1.0, 0.3]),
    channel=st.just(0),
    speed=st.sampled_from([1.0, 1.0, 0.8, 1.2]),
)
LOOPS = st.builds(
    Piece,
    path=st.sampled_from(["b.flac", "c.flac"]),
    corpus=st.just("speech"),
    start=st.integers(0, 5000),
    frames=st.integers(4000, 20000),
    channel=st.just(0),
    speed=st.sampled_from([1.0, 0.8]),
    crossfade=st.sampled_from([101, 3000]),
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pieces=st.lists(PIECES | LOOPS, min_size=1, max_size=2), start=st.integers(0, FRAMES), length=st.integers(0, FRAMES)
)
def test_an_excerpt_has_the_samples_that_it_has_in_the_whole(
    folder: Path, pieces: list[Piece], start: int, length: int
) -> None:
    names = [f"s{i}" for i in range(len(pieces))]
    signals = mixture(16, **dict(zip(names, pieces, strict=True)), mix=tuple(names))
    length = min(length, FRAMES - start)
    whole = corpus(folder).signal(signals, "mix")
    excerpt = corpus(folder).signal(signals, "mix", start=start, frames=length)
    np.testing.assert_array_equal(excerpt, whole[:, start : start + length])


@pytest.mark.parametrize("speed", [1.0, 0.8])
def test_a_file_that_is_shorter_than_its_piece_is_named(folder: Path, speed: float) -> None:
    with pytest.raises(InputError, match=r"a\.wav has \d+ frames; frames 2000 to 6000 are wanted"):
        corpus(folder).signal(mixture(s=Piece("a.wav", start=2000, frames=4000, speed=speed)), "s")


def test_an_excerpt_outside_the_mixture_is_the_callers_fault(folder: Path) -> None:
    for start, frames in ((-1, 5), (0, FRAMES + 1), (FRAMES, 1)):
        with pytest.raises(ValueError, match="excerpt"):
            corpus(folder).signal(mixture(s=Piece("a.wav")), "s", start=start, frames=frames)


def test_a_missing_file_is_named(folder: Path) -> None:
    with pytest.raises(InputError, match=r"no file .*gone\.wav"):
        corpus(folder).signal(mixture(s=Piece("gone.wav")), "s")
