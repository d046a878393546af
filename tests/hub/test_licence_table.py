"""Licences by whatever name a data set states them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

import separate_cli
from separate_cli.errors import UsageError
from separate_cli.hub import bundled, read_header
from separate_cli.hub.licence_table import find_licences, get_licence, known_licences

ROOT = Path(separate_cli.__file__).parent


def ids(text: str) -> list[str]:
    return [one.id for one in find_licences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CC BY 4.0", ["CC-BY-4.0"]),
        ("cc-by-4.0", ["CC-BY-4.0"]),
        ("CC BY", ["CC-BY-4.0"]),
        ("Creative Commons Attribution 4.0 International", ["CC-BY-4.0"]),
        ("https://creativecommons.org/licenses/by/4.0/", ["CC-BY-4.0"]),
        ("http://creativecommons.org/licenses/by-nc-sa/3.0/legalcode", ["CC-BY-NC-SA-3.0"]),
        ("Creative Commons Attribution-NonCommercial 4.0", ["CC-BY-NC-4.0"]),
        ("Creative Commons Attribution-ShareAlike 3.0 Unported License", ["CC-BY-SA-3.0"]),
        ("CC BY-NC", ["CC-BY-NC-4.0"]),
        ("CC BY-NC 4.0", ["CC-BY-NC-4.0"]),
        ("CC0", ["CC0-1.0"]),
        ("Apache License, Version 2.0", ["Apache-2.0"]),
        ("apache-2.0", ["Apache-2.0"]),
        ("The MIT License", ["MIT"]),
        ("LDC User Agreement for Non-Members", ["LicenseRef-LDC"]),
        ("Smule Research Data License Agreement", ["LicenseRef-Smule-Research"]),
        ("MIT (Surrey), CC BY 4.0 (OpenAIR), Apache 2.0", ["MIT", "CC-BY-4.0", "Apache-2.0"]),
        ("CC BY 3.0, CC BY 4.0, CC0", ["CC-BY-3.0", "CC-BY-4.0", "CC0-1.0"]),
        ("MIT and CC BY 4.0", ["MIT", "CC-BY-4.0"]),
        ("CC BY and CC BY-NC", ["CC-BY-4.0", "CC-BY-NC-4.0"]),
        ("own recordings", ["LicenseRef-Own-Data"]),
    ],
)
def test_a_licence_is_known_in_the_words_that_people_use(text: str, expected: list[str]) -> None:
    assert ids(text) == expected


@pytest.mark.parametrize("text", ["", "unknown", "ask me", "CC BY 4.0 and something else", "CC BY 9.0", "see paper"])
def test_a_part_that_is_unknown_makes_the_whole_unknown(text: str) -> None:
    assert find_licences(text) == ()


def test_the_letters_of_creative_commons_say_what_they_stand_for() -> None:
    found = [one for one in known_licences() if one.id.startswith("CC-BY")]
    assert len(found) == 30
    for one in found:
        letters = set(one.id.split("-"))
        assert (one.attribution, one.share_alike) == (True, "SA" in letters)
        assert (one.non_commercial, one.no_derivatives) == ("NC" in letters, "ND" in letters)
        assert one.url.startswith("https://creativecommons.org/licenses/") and ids(one.url) == [one.id]
        assert one.zenodo == one.id.lower()
        assert one.hugging_face in {one.id.lower(), "other"}


def test_what_is_for_research_only_is_not_commercial_either() -> None:
    research = [one for one in known_licences() if one.research_only]
    assert len(research) > 3
    assert all(one.non_commercial and not one.allows_commercial_use for one in research)


def test_each_name_in_the_table_means_one_licence() -> None:
    for one in known_licences():
        assert ids(one.id) == ids(one.title) == [one.id]
        assert one.zenodo and one.hugging_face and "{" not in repr(one)


def test_later_versions_of_share_alike_licences_start_with_2() -> None:
    assert get_licence("CC BY-SA 2.5").successors == ("CC-BY-SA-3.0", "CC-BY-SA-4.0")
    assert get_licence("CC BY-SA 1.0").successors == get_licence("CC BY-SA 4.0").successors == ()
    assert get_licence("CC BY 3.0").successors == ()


def test_a_misspelt_name_is_answered_with_the_closest() -> None:
    with pytest.raises(UsageError) as caught:
        get_licence("CC BYE 4.0")
    assert "CC-BY-4.0" in caught.value.hint


def test_licences_of_our_own_recipes_and_models_are_known() -> None:
    texts = [one.licence for path in bundled().values() for one in read_header(path).datasets]
    for path in (ROOT / "recipes" / "builtin").rglob("*.yaml"):
        texts += _licences_in(yaml.safe_load(re.sub(r"!\w+", "", path.read_text("utf-8"))))
    assert len(texts) >= 4
    assert [text for text in texts if not find_licences(text)] == []


def test_licences_of_the_corpora_that_can_be_downloaded_are_known_where_their_publishers_state_one() -> None:
    rows = re.findall(r'^licence = "(.+)"$', (ROOT / "data" / "catalog.toml").read_text("utf-8"), re.MULTILINE)
    assert len(rows) > 10
    assert {text for text in rows if not find_licences(text)} <= {"see its page"}


def _licences_in(node: object) -> list[str]:
    if isinstance(node, dict):
        own = [value for key, value in node.items() if key == "licence" and isinstance(value, str)]
        return own + [text for value in node.values() for text in _licences_in(value)]
    return [text for item in node for text in _licences_in(item)] if isinstance(node, list) else []
