"""The catalog's rows are whole, and wrong rows are found."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from separate_cli.data.catalog import corpus_called, known_corpora, read_catalog
from separate_cli.errors import UsageError
from separate_cli.hub.licence_table import find_licences
from separate_cli.report.amounts import size

ROW = """
[[corpus]]
name = "tiny"
title = "Tiny"
about = "a corpus"
folder = "Tiny"
layout = "Tiny/**"
licence = "MIT"
author = "me"
url = "https://tiny.org/"
mirrors = ["https://tiny.org/files/"]
[[corpus.parts]]
name = "all"
holds = ["dev"]
files = [{ name = "dev.zip" }]
"""
PROMISED = {
    *("librispeech", "mini-librispeech", "minilibrimix", "librimix", "sparse-librimix", "vctk-2mix", "librivad"),
    *("wham-noise", "wham", "whamr", "wsj0", "wsj1", "wsj0-mix", "sms-wsj", "kinect-wsj", "chime5", "vctk", "avspeech"),
    *("tac", "fuss", "musdb18", "musdb18-hq", "voicebank-demand", "dns", "damp-vsep", "musan", "rirs-noises", "esc-50"),
}


def test_every_promised_corpus_is_there() -> None:
    assert {corpus.name for corpus in known_corpora()} >= PROMISED


def test_what_a_corpus_is_made_from_is_in_the_catalog_too() -> None:
    names = {corpus.name for corpus in known_corpora()}
    needed = {need for corpus in known_corpora() for need in corpus.needs}
    assert needed
    assert needed <= names


def test_each_corpus_can_be_had_or_says_how_else() -> None:
    for corpus in known_corpora():
        assert bool(corpus.manual) != bool(corpus.parts), corpus.name
        assert "{folder}" in corpus.manual or not corpus.manual
        assert corpus.layout.startswith(corpus.folder)


def test_corpora_that_share_a_folder_do_not_share_what_is_in_it() -> None:
    held: dict[str, list[str]] = defaultdict(list)
    for corpus in known_corpora():
        held[corpus.folder] += [f"{part.into}/{name}" for part in corpus.parts for name in part.holds]
    assert all(len(names) == len(set(names)) for names in held.values())


def test_addresses_are_encrypted_and_their_files_named_once() -> None:
    for corpus in known_corpora():
        for part in corpus.parts:
            for file in part.files:
                places = file.urls or corpus.addresses(part)
                assert places
                assert all(place.startswith("https://") for place in places), file.name


def test_what_licences_ask_for_is_known_for_all_but_one() -> None:
    unknown = {corpus.name for corpus in known_corpora() if not find_licences(corpus.licence)}
    assert unknown == {"sms-wsj"}
    for corpus in known_corpora():
        asks = find_licences(corpus.licence)
        assert corpus.consent == any(licence.research_only for licence in asks), corpus.name


def test_known_numbers_of_librispeech() -> None:
    """Bytes as openslr.org lists them; SHA-256 as torchaudio 2.11 and TensorFlow Datasets have them."""
    parts = {part.name: part for part in corpus_called("librispeech").parts}
    assert len(parts) == 7
    assert sum(part.bytes or 0 for part in parts.values()) == 61_357_943_031
    assert parts["dev-clean"].files[0].checksum == (
        "sha256:76f87d090650617fca0cac8f88b9416e0ebf80350acb97b343a85fa903728ab3"
    )


def test_names_are_found_in_any_spelling_and_close_ones_suggested() -> None:
    assert corpus_called("Wham_Noise").name == "wham-noise"
    with pytest.raises(UsageError) as caught:
        corpus_called("libri-speech")
    assert "librispeech" in caught.value.hint


def test_parts_are_chosen_by_name_in_the_order_of_the_catalog() -> None:
    dns = corpus_called("dns")
    assert [part.name for part in dns.choose(None)] == ["noise", "impulse-responses"]
    assert [part.name for part in dns.choose(["vctk-speech", "noise"])] == ["noise", "vctk-speech"]
    assert dns.choose(["all"]) == dns.parts
    with pytest.raises(UsageError, match="no part 'rooms'") as caught:
        dns.choose(["rooms"])
    assert "impulse-responses" in caught.value.hint


def test_pieces_of_one_archive_are_one_unit() -> None:
    (part,) = corpus_called("sms-wsj").parts
    (unit,) = part.units()
    assert unit.name == "sms_wsj.tar.gz"
    assert [file.name[-2:] for file in unit.files] == ["aa", "ab", "ac", "ad", "ae"]


def test_a_right_row_is_read() -> None:
    (corpus,) = read_catalog(ROW)
    assert corpus.parts[0].files[0].name == "dev.zip"
    assert corpus.disk_bytes(corpus.parts[0]) is None


@pytest.mark.parametrize(
    ("right", "wrong", "problem"),
    [
        ('name = "dev.zip"', 'name = "../dev.zip"', "string_pattern_mismatch|pattern"),
        ('name = "dev.zip"', 'name = "dev.zip", checksum = "sha256:12"', "pattern"),
        ('name = "dev.zip"', f'name = "dev.zip", checksum = "md5:{"0" * 32}"', "needs its source"),
        ('name = "dev.zip"', 'name = "dev.zip", size = 1', "extra"),
        ('name = "dev.zip"', 'name = "dev.zip", bytes = 0', "greater than 0"),
        ('"https://tiny.org/files/"', '"ftp://tiny.org/"', "pattern"),
        ('mirrors = ["https://tiny.org/files/"]', "", "where is dev.zip"),
        ('holds = ["dev"]', "", "what does it hold"),
        ('files = [{ name = "dev.zip" }]', 'files = [{ name = "dev.zip" }, "dev.zip"]', "the same name"),
        ('files = [{ name = "dev.zip" }]', "files = []", "no files and no instructions"),
        ('folder = "Tiny"', 'folder = "../Tiny"', "pattern"),
        ('licence = "MIT"', "", "licence"),
        ("[[corpus]]", "[corpus]", "wrong"),
    ],
)
def test_wrong_rows_are_found(right: str, wrong: str, problem: str) -> None:
    assert right in ROW
    with pytest.raises(ValueError, match=problem):
        read_catalog(ROW.replace(right, wrong, 1))


def test_the_page_of_corpora_shows_each_with_size_licence_and_command() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "corpora.md").read_text(encoding="utf-8")
    for corpus in known_corpora():
        line = next(line for line in page.splitlines() if line.startswith(f"| `{corpus.name}` |"))
        assert corpus.licence in line
        assert corpus.url in line
        assert f"`sep data download {corpus.name}" in line
        assert all(f"`{part.name}`" in line for part in corpus.parts if part.name != "all")
        known = [part.bytes or part.roughly or 0 for part in corpus.parts]
        assert not any(known) or size(sum(known)) in line, corpus.name
