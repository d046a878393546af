"""Publishing on Zenodo: once, whole, whatever breaks."""

from __future__ import annotations

import itertools
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hub.publishing.conftest import make_order, write_files
from separate_cli.errors import InputError, RefusedError, RemoteError, SepError, UsageError
from separate_cli.hub.publishing.deposits import Deposits
from separate_cli.hub.publishing.journal import Journal
from separate_cli.hub.publishing.order import Order
from separate_cli.hub.publishing.publishable import PublishableFolder
from separate_cli.hub.publishing.published import Published
from separate_cli.hub.publishing.zenodo import publish_on_zenodo
from separate_cli.net.addresses import host_of
from separate_cli.net.session import Client
from servers.zenodo import COMMUNITY, STRANGER, TOKEN, WRITE_ONLY, Fault, Zenodo

KINDS = [
    "reset",
    "reset after",
    "cut body",
    "cut answer",
    "429",
    "500",
    "502",
    "503",
    "504",
    "504 after",
    "403",
    "corrupt",
]


class PowerCut(BaseException):
    """Nothing may catch this."""


@pytest.fixture
def journal_path(tmp_path: Path) -> Path:
    return tmp_path / "journal.json"


def contents(zenodo: Zenodo) -> list[dict[str, bytes]]:
    return [{one.key: one.content for one in version.files.values()} for version in zenodo.published]


def on_disk(folder: PublishableFolder) -> dict[str, bytes]:
    return {one.name: one.path.read_bytes() for one in folder.files}


def test_a_folder_becomes_a_record_with_all_its_files(
    zenodo: Zenodo, deposits: Deposits, folder: PublishableFolder, journal_path: Path
) -> None:
    done = publish_on_zenodo(make_order(folder, communities=(COMMUNITY,)), deposits, Journal(journal_path))
    (version,) = zenodo.published
    assert contents(zenodo) == [on_disk(folder)]
    assert done == Published(
        reference=f"zenodo:{version.id}",
        latest=f"zenodo:{version.concept}",
        url=f"{zenodo.url}/records/{version.id}",
        doi=f"10.5281/zenodo.{version.id}",
        communities=(COMMUNITY,),
    )
    assert f"sep infer zenodo:{version.id}" in version.metadata["description"]
    assert zenodo.drafts == []


def test_communities_that_did_not_take_it_are_reported(
    zenodo: Zenodo, deposits: Deposits, folder: PublishableFolder, journal_path: Path
) -> None:
    order = make_order(folder, communities=(COMMUNITY, "zenodo", "no-such"))
    done = publish_on_zenodo(order, deposits, Journal(journal_path))
    assert (done.communities, done.pending) == ((COMMUNITY,), ("zenodo", "no-such"))


@pytest.mark.parametrize("keeps_journal", [True, False])
def test_nothing_is_published_twice(
    zenodo: Zenodo, deposits: Deposits, folder: PublishableFolder, journal_path: Path, keeps_journal: bool
) -> None:
    first = publish_on_zenodo(make_order(folder), deposits, Journal(journal_path))
    if not keeps_journal:
        journal_path.unlink()
    writes = len(zenodo.lines("P"))
    again = publish_on_zenodo(make_order(folder), deposits, Journal(journal_path))
    assert (again.already, again.reference) == (True, first.reference)
    assert len(zenodo.lines("P")) == writes and len(zenodo.published) == 1


def test_the_same_weights_with_another_card_need_a_new_version(
    zenodo: Zenodo, deposits: Deposits, folder: PublishableFolder, journal_path: Path, tmp_path: Path
) -> None:
    publish_on_zenodo(make_order(folder, weights="same"), deposits, Journal(journal_path))
    other = write_files(tmp_path / "other", **{"README.md": "# better words\n"})
    number = zenodo.published[0].id
    with pytest.raises(UsageError, match="published already") as caught:
        publish_on_zenodo(make_order(other, weights="same"), deposits, Journal(journal_path))
    assert f"--new-version-of {number}" in caught.value.hint
    done = publish_on_zenodo(make_order(other, weights="same", version_of=number), deposits, Journal(journal_path))
    assert not done.already and len(zenodo.published) == 2


@pytest.mark.parametrize("of_concept", [False, True])
def test_a_new_version_joins_the_family_and_replaces_its_files(
    zenodo: Zenodo, deposits: Deposits, folder: PublishableFolder, journal_path: Path, tmp_path: Path, of_concept: bool
) -> None:
    publish_on_zenodo(make_order(folder), deposits, Journal(journal_path))
    (first,) = zenodo.published
    better = write_files(tmp_path / "better", version=2, **{"sample-0.wav": "beep"})
    order = make_order(better, version_of=first.concept if of_concept else first.id)
    done = publish_on_zenodo(order, deposits, Journal(journal_path))
    second = zenodo.published[1]
    assert (second.concept, second.index) == (first.concept, 1)
    assert contents(zenodo)[1] == on_disk(better)
    assert done.latest == f"zenodo:{first.concept}"
    again = publish_on_zenodo(order, deposits, Journal(journal_path))
    assert again.already and len(zenodo.published) == 2


def test_a_new_version_that_somebody_else_began_is_left_alone(
    zenodo: Zenodo, deposits: Deposits, folder: PublishableFolder, journal_path: Path
) -> None:
    number = zenodo.add("earlier", {"model.pth": b"old"})
    begun = zenodo.holdings.new_version(str(number), 1)
    begun.metadata["title"] = "my other work"
    with pytest.raises(UsageError, match=f"draft {begun.id}") as caught:
        publish_on_zenodo(make_order(folder, version_of=number), deposits, Journal(journal_path))
    assert caught.value.hint.endswith(f"--resume {begun.id}")
    done = publish_on_zenodo(make_order(folder, resume=begun.id), deposits, Journal(journal_path))
    assert done.reference == f"zenodo:{begun.id}" and len(zenodo.published) == 2


def test_a_draft_is_resumed_by_its_number_without_a_journal(
    zenodo: Zenodo, deposits: Deposits, folder: PublishableFolder, tmp_path: Path
) -> None:
    zenodo.plan(*[Fault(at, "500", match="POST /api/deposit/depositions/") for at in range(1, 20)])
    with pytest.raises(RemoteError) as caught:
        publish_on_zenodo(make_order(folder), deposits, Journal(tmp_path / "lost.json"))
    (draft,) = zenodo.drafts
    assert str(draft.id) in caught.value.hint
    zenodo.plan()
    uploads = len(zenodo.lines("PUT /api/files/"))
    done = publish_on_zenodo(make_order(folder, resume=draft.id), deposits, Journal(tmp_path / "other.json"))
    assert done.reference == f"zenodo:{draft.id}" and zenodo.drafts == []
    assert len(zenodo.lines("PUT /api/files/")) == uploads, "what was there already was sent again"


@pytest.mark.parametrize("number", [1, 542_299])
def test_a_draft_that_is_not_there_cannot_be_resumed(
    zenodo: Zenodo, deposits: Deposits, folder: PublishableFolder, journal_path: Path, number: int
) -> None:
    with pytest.raises(InputError, match=f"no draft {number} of yours"):
        publish_on_zenodo(make_order(folder, resume=number), deposits, Journal(journal_path))
    with pytest.raises(InputError, match=f"no record zenodo:{number}"):
        publish_on_zenodo(make_order(folder, version_of=number), deposits, Journal(journal_path))
    assert zenodo.drafts == []


def test_a_draft_that_was_thrown_away_is_begun_anew(
    zenodo: Zenodo, deposits: Deposits, folder: PublishableFolder, journal_path: Path
) -> None:
    zenodo.plan(*[Fault(at, "503", match="PUT /api/files/") for at in range(1, 20)])
    with pytest.raises(RemoteError):
        publish_on_zenodo(make_order(folder), deposits, Journal(journal_path))
    (gone,) = zenodo.drafts
    zenodo.holdings.delete(gone)
    zenodo.plan()
    said: list[str] = []
    publish_on_zenodo(make_order(folder), deposits, Journal(journal_path), tell=said.append)
    assert said == [f"The draft {gone.id} is gone; a new one is begun."]
    assert len(zenodo.published) == 1 and zenodo.drafts == []


def test_a_record_that_the_sandbox_has_lost_is_published_again(
    zenodo: Zenodo, deposits: Deposits, folder: PublishableFolder, journal_path: Path
) -> None:
    publish_on_zenodo(make_order(folder), deposits, Journal(journal_path))
    zenodo.holdings.versions.clear()
    assert not publish_on_zenodo(make_order(folder), deposits, Journal(journal_path)).already
    assert len(zenodo.published) == 1


def test_a_draft_that_was_published_by_hand_is_not_published_again(
    zenodo: Zenodo, deposits: Deposits, folder: PublishableFolder, journal_path: Path, tmp_path: Path
) -> None:
    zenodo.plan(*[Fault(at, "500", match="POST /api/deposit/depositions/") for at in range(1, 20)])
    with pytest.raises(RemoteError):
        publish_on_zenodo(make_order(folder), deposits, Journal(journal_path))
    zenodo.plan()
    zenodo.holdings.publish(zenodo.drafts[0])
    assert publish_on_zenodo(make_order(folder), deposits, Journal(journal_path)).already
    retrained = write_files(tmp_path / "retrained", version=2)
    assert not publish_on_zenodo(make_order(retrained), deposits, Journal(journal_path)).already
    assert contents(zenodo) == [on_disk(folder), on_disk(retrained)]


def test_a_model_that_changed_while_its_draft_was_published_becomes_a_record_of_its_own(
    zenodo: Zenodo, deposits: Deposits, folder: PublishableFolder, journal_path: Path, tmp_path: Path
) -> None:
    zenodo.plan(*[Fault(at, "500", match="POST /api/deposit/depositions/") for at in range(1, 20)])
    with pytest.raises(RemoteError):
        publish_on_zenodo(make_order(folder), deposits, Journal(journal_path))
    zenodo.plan()
    zenodo.holdings.publish(zenodo.drafts[0])
    retrained = write_files(tmp_path / "retrained", version=2)
    publish_on_zenodo(make_order(retrained), deposits, Journal(journal_path))
    assert contents(zenodo) == [on_disk(folder), on_disk(retrained)]
    assert [entry.state for entry in Journal(journal_path).entries] == ["published", "published"]


def test_an_unfinished_draft_takes_the_files_of_now(
    zenodo: Zenodo, deposits: Deposits, journal_path: Path, tmp_path: Path
) -> None:
    before = write_files(tmp_path / "before", **{"sample-0.wav": "beep"})
    zenodo.plan(*[Fault(at, "500", match="POST /api/deposit/depositions/") for at in range(1, 20)])
    with pytest.raises(RemoteError):
        publish_on_zenodo(make_order(before), deposits, Journal(journal_path))
    zenodo.plan()
    after = write_files(tmp_path / "after", version=2)
    publish_on_zenodo(make_order(after), deposits, Journal(journal_path))
    assert contents(zenodo) == [on_disk(after)] and zenodo.drafts == []


def test_what_zenodo_refuses_is_told_in_its_words_and_the_draft_kept(
    zenodo: Zenodo, deposits: Deposits, folder: PublishableFolder, journal_path: Path
) -> None:
    order = make_order(folder)
    bad = Order(folder, "w", lambda number: {**order.metadata(number), **({"creators": []} if number else {})})
    with pytest.raises(RemoteError, match=r"metadata\.creators: Missing data for required field") as caught:
        publish_on_zenodo(bad, deposits, Journal(journal_path))
    assert "Nothing is published; the draft" in caught.value.hint
    assert publish_on_zenodo(order, deposits, Journal(journal_path)).reference == f"zenodo:{zenodo.published[0].id}"


@pytest.mark.parametrize(("token", "status"), [("wrong", "401"), (STRANGER, "403"), (WRITE_ONLY, "403")])
def test_a_token_that_may_not_is_refused_at_once(
    zenodo: Zenodo, folder: PublishableFolder, journal_path: Path, pauses: list[float], token: str, status: str
) -> None:
    jane = Deposits(zenodo.url, Client(token=TOKEN, token_host=host_of(zenodo.url)))
    draft = jane.create(make_order(folder).metadata(None))
    other = Deposits(zenodo.url, Client(token=token, token_host=host_of(zenodo.url)))
    with pytest.raises(SepError) as caught:
        publish_on_zenodo(make_order(folder, resume=draft.id), other, Journal(journal_path))
    assert status in caught.value.message or "of yours" in caught.value.message
    assert isinstance(caught.value, (RefusedError, InputError))
    assert len(zenodo.log) < 20 and zenodo.published == []


def test_a_file_that_keeps_arriving_damaged_is_never_published(
    zenodo: Zenodo, deposits: Deposits, folder: PublishableFolder, journal_path: Path
) -> None:
    zenodo.plan(*[Fault(at, "corrupt", match="PUT /api/files/") for at in range(1, 40)])
    with pytest.raises(RemoteError, match="arrives damaged each time"):
        publish_on_zenodo(make_order(folder), deposits, Journal(journal_path))
    assert zenodo.published == [] and len(zenodo.drafts) == 1


def test_an_orphan_that_a_late_index_hid_is_deleted_in_the_end(
    zenodo: Zenodo, deposits: Deposits, folder: PublishableFolder, journal_path: Path
) -> None:
    zenodo.holdings.index_lag = 1
    zenodo.plan(Fault(2, "reset after"))
    said: list[str] = []
    publish_on_zenodo(make_order(folder), deposits, Journal(journal_path), tell=said.append)
    assert len(zenodo.published) == 1 and zenodo.drafts == []
    assert "left behind by a broken connection, was deleted" in said[-1]


def test_two_answers_in_the_wrong_form_are_an_error_and_no_crash(
    zenodo: Zenodo, deposits: Deposits, folder: PublishableFolder, journal_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zenodo.api.views, "deposit", lambda version: {"id": "x"})
    with pytest.raises(RemoteError, match="does not answer as expected: a deposit is missing"):
        publish_on_zenodo(make_order(folder), deposits, Journal(journal_path))


def test_addresses_of_another_host_are_not_followed(
    zenodo: Zenodo, deposits: Deposits, folder: PublishableFolder, journal_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = zenodo.api.views.deposit

    def redirecting(version: Any) -> dict[str, Any]:
        document = honest(version)
        document["links"]["bucket"] = "http://127.0.0.1:9/api/files/x"
        return document

    monkeypatch.setattr(zenodo.api.views, "deposit", redirecting)
    with pytest.raises(RemoteError, match="an address for 'bucket' is missing"):
        publish_on_zenodo(make_order(folder), deposits, Journal(journal_path))


# ---- everything that can break


class Cutting(Client):
    """A client whose process dies at the n-th request: before it is sent, or when its answer has come."""

    def __init__(self, url: str, *, at: int = 0, after: bool = False) -> None:
        super().__init__(token=TOKEN, token_host=host_of(url), retries=2, sleep=lambda _: None)
        self.at, self.after, self.count = at, after, 0

    def request(self, *arguments: Any, **options: Any) -> Any:
        self.count += 1
        if self.count == self.at and not self.after:
            raise PowerCut
        answer = super().request(*arguments, **options)
        if self.count == self.at:
            raise PowerCut
        return answer


def until_done(zenodo: Zenodo, order: Order, path: Path, clients: Callable[[int], Client]) -> int:
    """Give the same command until it succeeds, as a user would; how often."""
    for attempt in itertools.count(1):
        assert attempt < 12, "it never ends"
        try:
            publish_on_zenodo(order, Deposits(zenodo.url, clients(attempt)), Journal(path))
        except (PowerCut, RemoteError, RefusedError) as error:
            assert isinstance(error, PowerCut) or error.hint
            for version in zenodo.published:
                assert {one.name for one in order.folder.files} == version.files.keys()
            continue
        if not any(one.strays for one in Journal(path).entries):
            return attempt
    return 0


def check_final_state(zenodo: Zenodo, order: Order, path: Path) -> None:
    """Published once, whole, nothing left over, and the journal knows it."""
    assert contents(zenodo) == [on_disk(order.folder)]
    assert zenodo.drafts == []
    assert [(one.state, one.id) for one in Journal(path).entries] == [("published", zenodo.published[0].id)]


def requests_of_a_publication(zenodo: Zenodo, order: Order, path: Path) -> int:
    publish_on_zenodo(order, Deposits(zenodo.url, Cutting(zenodo.url)), Journal(path))
    count = len(zenodo.log)
    zenodo.holdings.versions.clear()
    return count


@pytest.mark.parametrize("kind", KINDS)
def test_each_fault_at_each_request_ends_in_one_whole_record(
    zenodo: Zenodo, folder: PublishableFolder, tmp_path: Path, kind: Any
) -> None:
    order = make_order(folder)
    count = requests_of_a_publication(zenodo, order, tmp_path / "0.json")
    assert count > 8
    for at in range(1, count + 1):
        path = tmp_path / f"{at}.json"
        zenodo.holdings.versions.clear()
        zenodo.plan(Fault(at, kind))
        until_done(zenodo, order, path, lambda _: Cutting(zenodo.url))
        check_final_state(zenodo, order, path)


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_each_request_it_goes_on_and_ends_in_one_whole_record(
    zenodo: Zenodo, folder: PublishableFolder, tmp_path: Path, after: bool
) -> None:
    order = make_order(folder)
    count = requests_of_a_publication(zenodo, order, tmp_path / "0.json")
    for at in range(1, count + 1):
        path = tmp_path / f"{at}.json"
        zenodo.holdings.versions.clear()
        attempts = until_done(
            zenodo, order, path, lambda attempt, at=at: Cutting(zenodo.url, at=at if attempt == 1 else 0, after=after)
        )
        assert attempts == 2
        check_final_state(zenodo, order, path)


@pytest.mark.parametrize("group", range(4))
def test_a_hundred_publications_with_random_faults_and_kills(
    zenodo: Zenodo, folder: PublishableFolder, tmp_path: Path, group: int
) -> None:
    order = make_order(folder)
    for trial in range(25):
        chance = random.Random(100 * group + trial)
        zenodo.holdings.versions.clear()
        zenodo.holdings.index_lag = chance.choice([0, 0, 1])
        zenodo.plan(*[Fault(chance.randint(1, 14), chance.choice(KINDS)) for _ in range(chance.randint(1, 4))])

        def client(attempt: int, chance: random.Random = chance) -> Client:
            dies = attempt <= 3 and chance.random() < 0.5
            return Cutting(zenodo.url, at=chance.randint(1, 12) if dies else 0, after=chance.random() < 0.5)

        path = tmp_path / f"{trial}.json"
        until_done(zenodo, order, path, client)
        check_final_state(zenodo, order, path)


def test_killed_for_good_by_the_system_it_goes_on(zenodo: Zenodo, folder: PublishableFolder, tmp_path: Path) -> None:
    script = Path(__file__).parent / "killed.py"
    done = subprocess.run(
        [sys.executable, str(script), zenodo.url, str(folder.path), str(tmp_path / "journal.json")],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) >= 8
    check_final_state(zenodo, make_order(folder), tmp_path / "journal.json")
