"""The licence of a model: as free as its data sets let it be, and never freer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from separate_cli.errors import RefusedError, UsageError
from separate_cli.hub import Dataset, Header, bundled, read_header
from separate_cli.hub.licence_table import get_licence, known_licences
from separate_cli.hub.licences import commercial_use, derive_licence, licence_notice


def data(*licences: str, **more: bool) -> list[Dataset]:
    return [Dataset(name=f"set{i}", licence=text, **more) for i, text in enumerate(licences)]


ADAPTERS_LICENCE = {
    # What an adaptation of both may carry; "" where there is nothing. After Creative Commons' compatibility chart.
    ("CC0", "CC0"): "CC-BY-4.0",
    ("CC0", "CC BY 4.0"): "CC-BY-4.0",
    ("MIT", "CC BY 3.0"): "CC-BY-4.0",
    ("CC BY 4.0", "CC BY-SA 4.0"): "CC-BY-SA-4.0",
    ("CC BY 4.0", "CC BY-SA 3.0"): "CC-BY-SA-4.0",
    ("CC BY-SA 2.0", "CC BY-SA 3.0"): "CC-BY-SA-4.0",
    ("CC BY-SA 1.0", "CC BY 4.0"): "CC-BY-SA-1.0",
    ("CC BY-SA 1.0", "CC BY-SA 4.0"): "",
    ("CC BY 4.0", "CC BY-NC 4.0"): "CC-BY-NC-4.0",
    ("CC BY-NC 3.0", "CC BY-NC-SA 3.0"): "CC-BY-NC-SA-4.0",
    ("CC BY-SA 4.0", "CC BY-NC 4.0"): "",
    ("CC BY-SA 4.0", "CC BY-NC-SA 4.0"): "",
    ("CC BY-SA 4.0", "GPL-3.0-only"): "",
    ("CC BY 4.0", "CC BY-ND 4.0"): "",
    ("CC BY 4.0", "LDC User Agreement for Non-Members"): "LicenseRef-Research-Only",
    ("CC BY-NC 4.0", "LDC User Agreement for Non-Members"): "LicenseRef-Research-Only",
    ("CC BY-NC-SA 4.0", "LDC User Agreement for Non-Members"): "",
    ("own data", "own data"): "CC-BY-4.0",
}


@pytest.mark.parametrize(("pair", "expected"), ADAPTERS_LICENCE.items(), ids=str)
def test_the_freest_licence_that_all_data_sets_allow(pair: tuple[str, str], expected: str) -> None:
    for order in (pair, pair[::-1]):
        if expected:
            assert derive_licence(data(*order)).licence.id == expected
        else:
            with pytest.raises(RefusedError):
                derive_licence(data(*order))


def test_each_data_set_has_a_reason() -> None:
    derived = derive_licence(data("CC BY 4.0", "CC BY-NC 4.0", "CC0"))
    assert derived.reasons == (
        "set0 (CC BY 4.0) asks that its authors be named.",
        "set1 (CC BY-NC 4.0) is for non-commercial use only.",
        "set2 (CC0 1.0) asks for nothing.",
    )


def test_a_conflict_names_both_sides_and_what_to_do() -> None:
    with pytest.raises(RefusedError) as caught:
        derive_licence(data("CC BY 4.0", "CC BY-SA 2.0", "CC BY-SA 3.0", "CC BY-NC 4.0"))
    assert "set1 (CC BY-SA 2.0) must be passed on under the same licence" in caught.value.message
    assert "set3 (CC BY-NC 4.0) is for non-commercial use only" in caught.value.message
    assert caught.value.hint == "Train without set1 or without set3."


def test_a_data_set_marked_non_commercial_is_so_whatever_its_licence() -> None:
    assert derive_licence(data("CC BY 4.0", non_commercial=True)).licence.id == "CC-BY-NC-4.0"


@pytest.mark.parametrize(
    ("licences", "wanted", "refusal"),
    [
        (["CC BY 4.0"], "CC BY-NC-SA 4.0", ""),
        (["CC BY 4.0"], "MIT", ""),
        (["CC0", "own data"], "CC0", ""),
        (["CC BY-SA 3.0"], "CC BY-SA 3.0", ""),
        (["CC BY 4.0"], "CC0", r"set0 \(CC BY 4.0\) asks that its authors be named"),
        (["CC BY-NC 4.0"], "CC BY 4.0", "non-commercial"),
        (["LDC"], "CC BY-NC 4.0", "research only"),
        (["CC BY-SA 4.0"], "CC BY 4.0", "same licence"),
        (["CC BY-SA 4.0"], "CC BY-SA 3.0", "same licence"),
        (["CC0"], "own data", "needs a licence with a text"),
    ],
)
def test_another_licence_may_be_wanted_within_what_is_allowed(licences: list[str], wanted: str, refusal: str) -> None:
    if not refusal:
        assert derive_licence(data(*licences), wanted=wanted).licence == get_licence(wanted)
        return
    with pytest.raises(RefusedError, match=refusal):
        derive_licence(data(*licences), wanted=wanted)


@pytest.mark.parametrize(
    ("datasets", "message"),
    [
        ([], "what it was trained on"),
        (data("", "CC0"), "set0 has no licence"),
        (data("ask"), "'ask', which is not known"),
    ],
)
def test_what_is_not_known_is_refused_with_a_way_out(datasets: list[Dataset], message: str) -> None:
    with pytest.raises(RefusedError, match=message) as caught:
        derive_licence(datasets)
    assert caught.value.hint


def test_a_licence_that_is_wanted_must_exist() -> None:
    with pytest.raises(UsageError, match="no licence 'CC BYE'"):
        derive_licence(data("CC0"), wanted="CC BYE")


TITLES = st.lists(st.sampled_from([one.title for one in known_licences()]), min_size=1, max_size=4)


@given(TITLES)
def test_whatever_the_data_the_result_breaks_no_demand_or_there_is_none(licences: list[str]) -> None:
    known = [get_licence(text) for text in licences]
    try:
        found = derive_licence(data(*licences)).licence
    except RefusedError:
        assert any(one.share_alike or one.no_derivatives for one in known)
        return
    assert found.non_commercial >= any(one.non_commercial for one in known)
    assert found.research_only >= any(one.research_only for one in known)
    assert found.attribution
    assert all(found.id in (one.id, *one.successors) for one in known if one.share_alike)


@given(TITLES, st.sampled_from([one.title for one in known_licences()]))
def test_more_data_never_makes_a_model_freer(licences: list[str], another: str) -> None:
    try:
        more = derive_licence(data(*licences, another)).licence
    except RefusedError:
        return
    less = derive_licence(data(*licences)).licence
    for condition in ("non_commercial", "research_only", "share_alike"):
        assert getattr(more, condition) >= getattr(less, condition) or more.research_only


def header(licence: str, *licences: str) -> Header:
    return Header(model_name="DeMask", model_args={}, sample_rate=8000, licence=licence, datasets=data(*licences))


@pytest.mark.parametrize(
    ("about", "reasons"),
    [
        (header("CC BY 4.0", "CC BY 4.0"), 0),
        (header("CC BY-SA 3.0", "CC BY 4.0"), 0),
        (header("CC BY 4.0"), 1),
        (header("", "CC0"), 1),
        (header("CC BY-SA 3.0", "CC BY-NC 4.0"), 1),
        (header("CC BY-SA 3.0", "LDC User Agreement for Non-Members", "who knows"), 2),
        (header("CC BY-NC 4.0", "CC BY 4.0"), 1),
    ],
)
def test_commercial_use_needs_a_model_and_data_that_are_known_to_allow_it(about: Header, reasons: int) -> None:
    allowed, why = commercial_use(about)
    assert (allowed, len(why)) == (reasons == 0, reasons)


def test_the_bundled_model_may_be_used_commercially() -> None:
    assert commercial_use(read_header(bundled()["demask"])) == (True, ())


def test_the_notice_names_each_source_with_its_restriction() -> None:
    sources = [
        Dataset(name="WSJ0", licence="LDC User Agreement for Non-Members", author="LDC"),
        Dataset(name="WHAM!", licence="CC BY-NC 4.0", author="Whisper.ai"),
        Dataset(name="beeps", licence="CC0"),
    ]
    notice = licence_notice("mine", sources, derive_licence(sources).licence, by="Jane Doe")
    assert notice == (
        'The model "mine" is adapted from WSJ0 by LDC, used under LDC User Agreement for Non-Members (research only); '
        "WHAM! by Whisper.ai, used under CC BY-NC 4.0 (non-commercial); beeps, used under CC0. "
        '"mine" is licensed under research only by Jane Doe.'
    )
