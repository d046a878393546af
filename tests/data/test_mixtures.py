"""Lists of mixtures: what was written is read, and the same mixtures give the same bytes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from separate_cli.data.mixtures import Mixture, Piece, read_mixtures, write_mixtures
from separate_cli.errors import InputError

FIRST = Mixture(
    "a_b",
    "train",
    8000,
    2400,
    {
        "s1": Piece("1/a.flac", "LibriSpeech", gain=0.7),
        "s2": Piece("2/b.flac", "LibriSpeech", start=3, frames=99, offset=4, channel=0, speed=0.8, crossfade=8001),
        "mix_clean": ("s1", "s2"),
        "mix_both": Piece("mix/a_b.wav"),
    },
    bits=16,
    speakers=("1", "2"),
    facts={"snr_db": 2.5, "text": "ß"},
)
SECOND = Mixture("c", "test", 16000, 5, {"s1": Piece("c.wav")})


def test_what_was_written_is_read_in_order(tmp_path: Path) -> None:
    write_mixtures(tmp_path / "mixtures.jsonl", [FIRST, SECOND])
    assert read_mixtures(tmp_path / "mixtures.jsonl") == [SECOND, FIRST]


def test_order_and_defaults_do_not_change_the_bytes(tmp_path: Path) -> None:
    for name, mixtures in (("a", [FIRST, SECOND]), ("b", [SECOND, FIRST])):
        write_mixtures(tmp_path / name, mixtures)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    line = json.loads((tmp_path / "a").read_text(encoding="utf-8").splitlines()[0])
    assert line == {"id": "c", "part": "test", "sample_rate": 16000, "frames": 5, "signals": {"s1": {"path": "c.wav"}}}


def test_sums_are_followed_to_their_pieces() -> None:
    signals = {"s1": Piece("1"), "s2": Piece("2"), "n": Piece("n"), "mix": ("s1", "s2"), "noisy": ("mix", "n")}
    assert list(Mixture("m", "test", 8000, 9, signals).pieces("noisy")) == ["s1", "s2", "n"]


@pytest.mark.parametrize(
    ("signals", "why"),
    [
        ({"s1": Piece("1")}, "there are s1"),
        ({"mix": ("mix",)}, "made of itself"),
        ({"mix": ("a",), "a": ("b",), "b": ("a",)}, "made of itself"),
        ({"mix": ("s1", "s1"), "s1": Piece("1")}, "twice"),
    ],
)
def test_sums_that_cannot_be_made_are_input_errors(signals: dict[str, Piece | tuple[str, ...]], why: str) -> None:
    with pytest.raises(InputError, match=why):
        Mixture("m", "test", 8000, 9, signals).pieces("mix")


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"id": "a"}, "missing or unknown: frames"),
        ({"id": "a", "part": "t", "sample_rate": 1, "frames": 1, "signals": {}, "extra": 1}, "unknown: extra"),
        ({"id": "a", "part": "t", "sample_rate": 1, "frames": 1, "signals": {"s1": {"paht": "x"}}}, "s1 is neither"),
        ({"id": "a", "part": "t", "sample_rate": 1, "frames": 1, "signals": {"s1": [1]}}, "s1 is neither"),
        ({"id": "a", "part": "t", "sample_rate": 1, "frames": 1, "signals": 3}, "items"),
    ],
)
def test_a_line_that_is_no_mixture_is_named(tmp_path: Path, row: dict[str, object], why: str) -> None:
    (tmp_path / "m.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=rf"m\.jsonl:1: .*{why}"):
        read_mixtures(tmp_path / "m.jsonl")
