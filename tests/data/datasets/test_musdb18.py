"""MUSDB18: stems in the asked order, mixtures that are their sums."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from separate_cli.data import MUSDB18Dataset
from separate_cli.errors import InputError

STEMS = ("vocals", "bass", "drums", "other")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("musdb")
    for number, track in enumerate(("Zebra", "Apple", "Short", "Slow", "Incomplete")):
        rng = np.random.default_rng(number)
        (folder / "train" / track).mkdir(parents=True)
        for stem in STEMS[: 3 if track == "Incomplete" else 4]:
            wave = 0.1 * rng.standard_normal((500 if track == "Short" else 4000, 2))
            soundfile.write(folder / "train" / track / f"{stem}.wav", wave, 22050 if track == "Slow" else 44100)
    return folder


def load(root: Path, track: str, stem: str) -> np.ndarray:
    return soundfile.read(root / "train" / track / f"{stem}.wav", dtype="float32")[0].T


def test_usable_tracks_are_found_in_order(root: Path) -> None:
    assert [track.path.name for track in MUSDB18Dataset(root).tracks] == ["Apple", "Short", "Zebra"]
    assert [track.path.name for track in MUSDB18Dataset(root, segment=4000 / 44100).tracks] == ["Apple", "Zebra"]
    assert len(MUSDB18Dataset(root, subset=["Zebra"], samples_per_track=3)) == 3
    with pytest.raises(InputError, match="No track in"):
        MUSDB18Dataset(root, segment=3)
    with pytest.raises(InputError, match="no folder"):
        MUSDB18Dataset(root, split="test")


def test_whole_tracks_are_stems_by_name_and_their_sum(root: Path) -> None:
    mixture, stems = MUSDB18Dataset(root)[2]
    assert list(stems) == list(STEMS)
    for name, wave in stems.items():
        np.testing.assert_array_equal(wave, load(root, "Zebra", name))
    torch.testing.assert_close(mixture, sum(stems.values()))


def test_targets_are_stacked_in_the_order_in_which_they_are_asked_for(root: Path) -> None:
    _, wanted = MUSDB18Dataset(root, targets=["other", "vocals"])[0]
    np.testing.assert_array_equal(wanted, np.stack([load(root, "Apple", name) for name in ("other", "vocals")]))
    with pytest.raises(ValueError, match="got choir"):
        MUSDB18Dataset(root, targets=["choir"])


def test_random_segments_are_in_step(root: Path) -> None:
    examples = MUSDB18Dataset(root, targets=STEMS, segment=0.02, random_segments=True)
    mixtures = [examples[0] for _ in range(5)]
    assert len({mixture.sum().item() for mixture, _ in mixtures}) > 3
    for mixture, stems in mixtures:
        assert mixture.shape == (2, 882)
        torch.testing.assert_close(stems.sum(0), mixture)
        bass = load(root, "Apple", "bass")
        starts = np.flatnonzero((bass[:, :3119] == stems[1][:, :1].numpy()).all(axis=0))
        (start,) = [int(i) for i in starts if np.array_equal(bass[:, i : i + 882], stems[1])]
        np.testing.assert_array_equal(load(root, "Apple", "other")[:, start : start + 882], stems[3])
    with pytest.raises(ValueError, match="need the length"):
        MUSDB18Dataset(root, random_segments=True)


def test_stems_of_different_tracks_are_mixed_and_changed_on_request(root: Path) -> None:
    options = {"segment": 0.01, "random_track_mix": True, "subset": ["Apple", "Zebra"]}
    examples = MUSDB18Dataset(root, **options, source_augmentations=lambda wave: 2 * wave)
    found = set()
    for _ in range(12):
        mixture, stems = examples[0]
        torch.testing.assert_close(mixture, sum(stems.values()))
        begins = {track: {name: 2 * load(root, track, name)[:, :441] for name in STEMS} for track in ("Apple", "Zebra")}
        found.add(
            tuple(next(t for t in begins if np.array_equal(begins[t][name], wave)) for name, wave in stems.items())
        )
    assert any(len(set(tracks)) == 2 for tracks in found)


def test_whole_tracks_of_different_lengths_are_cut_to_the_shortest(root: Path) -> None:
    torch.manual_seed(0)
    lengths = {MUSDB18Dataset(root, random_track_mix=True)[0][0].shape[1] for _ in range(12)}
    assert lengths == {500, 4000}


def test_infos_have_a_complete_licence(root: Path) -> None:
    (notice,) = MUSDB18Dataset(root).get_infos()["licenses"]
    assert notice["non_commercial"] and all(notice[key] for key in ("title", "author", "license", "license_link"))
