"""No two recordings ever get the same output."""

from __future__ import annotations

import itertools
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from separate_cli.inference.discover import Found
from separate_cli.inference.naming import name_targets


def named(
    *paths: str, output: str | None = None, root: str | None = None, tags: tuple[str, ...] = ("enhanced",)
) -> list:
    recordings = [Found(Path(path), Path(root) if root else Path(path).parent, is_named=root is None) for path in paths]
    out = Path(output) if output else None
    return [[path.as_posix() for path in files] for files in name_targets(recordings, tags, output=out)]


def test_outputs_lie_beside_the_recording_with_their_tag() -> None:
    assert named("talks/a.flac", tags=("est1", "est2")) == [["talks/a_est1.flac", "talks/a_est2.flac"]]


def test_an_output_folder_mirrors_a_searched_folder() -> None:
    assert named("talks/a.wav", "talks/x/a.wav", output="o", root="talks") == [
        ["o/a_enhanced.wav"],
        ["o/x/a_enhanced.wav"],
    ]


def test_single_files_go_flat_into_an_output_folder() -> None:
    assert named("talks/deep/a.wav", "b.wav", output="o") == [["o/a_enhanced.wav"], ["o/b_enhanced.wav"]]


def test_different_suffixes_that_stay_different_need_no_longer_names() -> None:
    assert named("a.wav", "a.flac") == [["a_enhanced.wav"], ["a_enhanced.flac"]]


def test_recordings_that_become_the_same_container_keep_their_suffix_in_the_name() -> None:
    assert named("a.wav", "a.mp3", "b.mp3") == [["a_wav_enhanced.wav"], ["a_mp3_enhanced.wav"], ["b_enhanced.wav"]]


def test_same_names_from_different_folders_get_their_folders() -> None:
    assert named("x/a.wav", "y/a.wav", "y/b.wav", output="o") == [
        ["o/x/a_enhanced.wav"],
        ["o/y/a_enhanced.wav"],
        ["o/b_enhanced.wav"],
    ]


PATHS = st.lists(
    st.tuples(
        st.sampled_from(["", "x", "y", "x/y"]),
        st.sampled_from(["a", "b", "a_wav"]),
        st.sampled_from([".wav", ".mp3", ".flac", ".ogg"]),
    ),
    unique=True,
    min_size=1,
    max_size=12,
)


@given(PATHS, st.booleans())
def test_outputs_are_distinct_for_any_set_of_recordings_and_do_not_depend_on_its_order(
    parts: list[tuple[str, str, str]], mirrored: bool
) -> None:
    paths = [str(Path(folder) / f"{stem}{suffix}") for folder, stem, suffix in parts]
    outputs = named(*paths, output="o" if mirrored else None)
    assert len(set(itertools.chain(*outputs))) == len(paths)
    backwards = named(*reversed(paths), output="o" if mirrored else None)
    assert list(reversed(backwards)) == outputs
