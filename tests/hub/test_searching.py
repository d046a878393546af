"""A search of both hubs: complete, filtered, in order, kept for a day, and of use when one hub is down."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Iterator

import pytest

from separate_cli.errors import RemoteError, UsageError
from separate_cli.hub import Listing, search
from separate_cli.hub.searching import COMMUNITY
from servers.hugging_face import TOKEN, HuggingFace
from servers.published import ASTEROID_CARD, asteroid_description
from servers.serving import Reply, Server
from servers.zenodo import Fault, Zenodo

OWN_CARD = """---
library_name: separate-cli
license: {licence}
tags: [separate-cli, audio, DeMask, enh_single]
datasets: [Own]
model-index:
- name: m
  results:
  - task: {{type: audio-to-audio}}
    dataset: {{type: own, name: Own}}
    metrics: [{{type: si_sdr_imp, value: {score}}}]
---
It is adapted from Own by me, used under CC BY 4.0. It is licensed under it by me. sample_rate: 16000
"""


def card(name: str, score: float) -> dict[str, bytes]:
    return {"README.md": ASTEROID_CARD.format(name=name, si_sdr=score).encode(), "pytorch_model.bin": b"x"}


@pytest.fixture
def both(zenodo: Zenodo, hugging_face: HuggingFace) -> tuple[Zenodo, HuggingFace]:
    """Two records, three repositories; one record and one repository that do not belong."""
    keywords = ["Asteroid", "WHAM!", "sep_clean", "ConvTasNet"]
    zenodo.add(
        "mpariente/ConvTasNet_WHAM!_sepclean",
        {"model.pth": b"x"},
        number=3862942,
        keywords=keywords,
        description=asteroid_description(si_sdr=16.2),
        license="cc-by-sa-3.0",
    )
    zenodo.add("jane/DPTNet_Own_sepclean", {"model.pth": b"x"}, keywords=["Own"], license="cc-by-4.0")
    zenodo.add("somebody else's data", {"a.csv": b"x"}, communities=["zenodo"])
    hugging_face.add("JorisCos/ConvTasNet_Libri2Mix_sepnoisy_16k", card("a", 10.6), downloads=457)
    own = OWN_CARD.format(licence="cc-by-4.0", score=9.5).encode()
    hugging_face.add("jane/DeMask_Own", {"README.md": own}, downloads=3)
    hugging_face.add("jane/notes", {"README.md": b"---\ntags: [other]\n---\n"})
    return zenodo, hugging_face


def references(*arguments: str, **filters: object) -> list[str]:
    return [one.reference for one in search(*arguments, **filters)]


def test_both_hubs_are_found_and_the_best_comes_first(both: tuple[Zenodo, HuggingFace]) -> None:
    found = search()
    assert [one.reference for one in found] == [
        "mpariente/ConvTasNet_WHAM!_sepclean",
        "JorisCos/ConvTasNet_Libri2Mix_sepnoisy_16k",
        "jane/DeMask_Own",
        next(one.reference for one in found if one.title == "jane/DPTNet_Own_sepclean"),
    ]
    assert (found.considered, len(found), found.problems, found.is_partial) == (4, 4, (), False)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"query": "convtasnet joriscos"}, ["JorisCos/ConvTasNet_Libri2Mix_sepnoisy_16k"]),
        ({"task": "sepclean", "dataset": "wham"}, ["mpariente/ConvTasNet_WHAM!_sepclean"]),
        ({"architecture": "demask"}, ["jane/DeMask_Own"]),
        ({"sample_rate": "16k", "speakers": 2}, ["JorisCos/ConvTasNet_Libri2Mix_sepnoisy_16k"]),
        ({"sample_rate": 8}, ["mpariente/ConvTasNet_WHAM!_sepclean"]),
        ({"licence": "CC BY-SA 3.0"}, ["mpariente/ConvTasNet_WHAM!_sepclean"]),
        ({"commercial": True}, ["jane/DeMask_Own"]),
        ({"commercial": False, "sort": "name"}, [
            "JorisCos/ConvTasNet_Libri2Mix_sepnoisy_16k", "mpariente/ConvTasNet_WHAM!_sepclean",
        ]),
        ({"min_scores": "SI-SDRi >= 12.55", "sort": "downloads"}, [
            "JorisCos/ConvTasNet_Libri2Mix_sepnoisy_16k", "mpariente/ConvTasNet_WHAM!_sepclean",
        ]),
        ({"min_scores": ["si_sdr_imp<=10"]}, ["jane/DeMask_Own"]),
        ({"query": "nothing like it"}, []),
    ],
)  # fmt: skip
def test_filters(both: tuple[Zenodo, HuggingFace], filters: dict[str, object], expected: list[str]) -> None:
    assert references(**filters) == expected


@pytest.mark.parametrize(
    "filters",
    [{"min_scores": "si_sdr"}, {"sample_rate": "fast"}, {"speakers": 0}, {"sort": "luck"}, {"colour": "blue"}],
)
def test_impossible_filters_are_the_users_to_mend(filters: dict[str, object]) -> None:
    with pytest.raises(UsageError) as error:
        search(**filters)
    assert next(iter(filters)).replace("_", "-").removesuffix("s") in error.value.message


def test_answers_are_kept_for_a_day_and_fetched_again_on_request(
    both: tuple[Zenodo, HuggingFace], monkeypatch: pytest.MonkeyPatch
) -> None:
    zenodo, hugging_face = both
    first = search()
    zenodo.add("jane/ConvTasNet_New", {"model.pth": b"x"})
    asked = len(zenodo.log), len(hugging_face.requests)
    assert search() == first
    assert (len(zenodo.log), len(hugging_face.requests)) == asked
    assert search(refresh=True).considered == 5
    zenodo.add("jane/ConvTasNet_Newer", {"model.pth": b"x"})
    later = time.time() + 25 * 3600
    monkeypatch.setattr("separate_cli.hub.searching.time.time", lambda: later)
    assert search().considered == 6


def test_offline_the_last_answer_is_used_however_old(
    both: tuple[Zenodo, HuggingFace], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = search()
    monkeypatch.setenv("SEP_OFFLINE", "1")
    assert search(refresh=True) == first
    monkeypatch.setenv("SEP_ZENODO_URL", "http://127.0.0.1:9")
    assert search().is_partial


def test_one_hub_down_leaves_the_other_and_an_older_answer_is_better_than_none(
    both: tuple[Zenodo, HuggingFace], pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, hugging_face = both
    hugging_face.fault("/api/models", times=None, status=503, headers={"Retry-After": "3"})
    partial = search()
    assert partial.is_partial
    assert {one.hub for one in partial} == {"zenodo"}
    assert "Hugging Face cannot be asked" in partial.problems[0]
    assert pauses == [3.0] * 5
    hugging_face.fault("/api/models", times=None)
    assert not search().is_partial
    hugging_face.fault("/api/models", times=None, status=500)
    stale = search(refresh=True)
    assert (stale.is_partial, stale.considered) == (False, 4)
    assert "hours ago" in stale.problems[0]
    monkeypatch.setenv("SEP_ZENODO_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(RemoteError, match=r"Zenodo cannot be asked.*Hugging Face cannot be asked"):
        search()


def test_both_hubs_are_asked_at_the_same_time(
    both: tuple[Zenodo, HuggingFace], monkeypatch: pytest.MonkeyPatch
) -> None:
    from separate_cli.hub import searching

    meeting = threading.Barrier(2, timeout=5)

    def wait_for_the_other() -> list[Listing]:
        meeting.wait()
        return []

    for name in ("_from_zenodo", "_from_hugging_face"):
        monkeypatch.setattr(searching, name, wait_for_the_other)
    assert search().considered == 0


def test_limits_of_zenodo_are_kept(zenodo: Zenodo, hugging_face: HuggingFace, pauses: list[float]) -> None:
    for number in range(60):
        zenodo.add(f"jane/m{number}", {"model.pth": b"x"})
    assert search().considered == 60
    searches = [seen for seen in zenodo.log if seen.path.startswith("/api/records")]
    assert [seen.status for seen in searches] == [200] * 3
    assert not pauses  # Retry-After on success means nothing


def test_a_busy_zenodo_is_asked_again_when_it_says(
    zenodo: Zenodo, hugging_face: HuggingFace, pauses: list[float]
) -> None:
    zenodo.add("jane/one", {"model.pth": b"x"})
    zenodo.plan(Fault(1, "429", match="GET /api/records"), Fault(1, "502", match="GET /api/communities"))
    assert search().considered == 1
    assert 1.0 in pauses


def test_an_unknown_community_never_means_all_of_zenodo(
    hugging_face: HuggingFace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Zenodo(communities={"zenodo": set()}) as zenodo:
        monkeypatch.setenv("SEP_ZENODO_URL", zenodo.url)
        zenodo.add("somebody else's data", {"a.csv": b"x"}, communities=["zenodo"])
        found = search()
    assert (found.considered, found.is_partial) == (0, True)
    assert COMMUNITY in found.problems[0]


def test_records_of_others_in_the_answer_are_passed_over(
    hugging_face: HuggingFace, monkeypatch: pytest.MonkeyPatch
) -> None:
    hits = [{"id": 1, "metadata": {"title": "not ours", "communities": [{"id": "biology"}]}}, 7, {"id": 2}]
    with Server() as server:
        server.on("GET", "/api/communities/.*", lambda request, match: Reply.json({}))
        server.on("GET", "/api/records", lambda request, match: Reply.json({"hits": {"hits": hits}}))
        monkeypatch.setenv("SEP_ZENODO_URL", server.url)
        assert search().considered == 0


def test_the_users_token_shows_private_models_and_stays_with_its_host(
    both: tuple[Zenodo, HuggingFace], monkeypatch: pytest.MonkeyPatch
) -> None:
    zenodo, hugging_face = both
    hugging_face.add("jane/secret", card("secret", 1.0), private=True)
    assert "jane/secret" not in references()
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert "jane/secret" in references(refresh=True)
    assert not [seen for seen in zenodo.log if "authorization" in seen.headers]


def many(count: int) -> Iterator[tuple[str, bytes]]:
    for number in range(count):
        yield f"jane/ConvTasNet_Libri2Mix_{number}", ASTEROID_CARD.format(name=number, si_sdr=number).encode()


def test_many_models_cost_a_request_a_card_and_memory_that_does_not_grow(
    zenodo: Zenodo, hugging_face: HuggingFace
) -> None:
    for name, content in many(15):
        hugging_face.add(name, {"README.md": content})
    tracemalloc.start()
    search(refresh=True)
    few = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    for name, content in many(45):
        hugging_face.add(name, {"README.md": content})
    base = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    asked = len(hugging_face.requests)
    assert search(refresh=True).considered == 45
    more = tracemalloc.get_traced_memory()[1] - base
    tracemalloc.stop()
    assert len(hugging_face.requests) - asked == 1 + 1 + 45  # page of one tag, of the other, cards
    assert more < few + (4 << 20)


def test_a_search_needs_no_torch() -> None:
    script = "import sys; from separate_cli.hub import search; search; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
