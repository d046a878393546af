"""Requests to Zenodo one by one: pages, names, progress."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.publishing.conftest import make_order, write_files
from separate_cli.errors import InputError, RemoteError
from separate_cli.hub.publishing.deposits import Deposits
from separate_cli.hub.publishing.journal import Entry, Journal
from separate_cli.hub.publishing.publishable import LocalFile, PublishableFolder
from separate_cli.hub.publishing.sending import Sent
from servers.zenodo import Fault, Zenodo


class Bar:
    """Adds up what it is moved by."""

    def __init__(self) -> None:
        self.moves: list[float] = []

    def advance(self, amount: float = 1.0) -> None:
        self.moves.append(amount)

    def describe(self, text: str) -> None:
        pass


def test_a_user_with_many_deposits_sees_them_all(zenodo: Zenodo, deposits: Deposits) -> None:
    for number in range(205):
        zenodo.add(f"model {number}", {"a": b"x"})
    assert len(list(deposits.own())) == 205
    assert len(zenodo.lines("GET /api/deposit")) == 3


@pytest.mark.parametrize("kind", ["504", "cut body", "reset after"])
def test_progress_ends_at_the_size_of_the_file_however_often_it_is_sent(
    zenodo: Zenodo, deposits: Deposits, folder: PublishableFolder, kind: str
) -> None:
    draft = deposits.create(make_order(folder).metadata(None))
    big = next(one for one in folder.files if one.name == "model.safetensors")
    zenodo.plan(Fault(1, kind, match="PUT /api/files/"))  # type: ignore[arg-type]
    bar = Bar()
    assert deposits.upload(draft, big, bar) == big.md5
    assert sum(bar.moves) == pytest.approx(big.size / 1e6) and len(zenodo.lines("PUT /api/files/")) == 2


def test_odd_file_names_arrive_as_they_are(zenodo: Zenodo, deposits: Deposits, tmp_path: Path) -> None:
    (tmp_path / "a+b c%41.txt").write_text("x")
    draft = deposits.create({"title": "odd names"})
    deposits.upload(draft, LocalFile.of(tmp_path / "a+b c%41.txt"), Bar())
    assert list(zenodo.drafts[0].files) == ["a+b c%41.txt"]
    deposits.remove_file(draft, "a+b c%41.txt")
    deposits.remove_file(draft, "not there")
    assert zenodo.drafts[0].files == {}


def test_what_cannot_be_removed_is_an_error(zenodo: Zenodo, deposits: Deposits, folder: PublishableFolder) -> None:
    number = zenodo.add("published", {"a": b"x"})
    done = deposits.read(number)
    with pytest.raises(RemoteError, match="does not remove a"):
        deposits.remove_file(done, "a")
    draft = deposits.create(make_order(folder).metadata(None))
    zenodo.plan(Fault(1, "403", match="DELETE"))
    with pytest.raises(RemoteError, match="does not delete the draft"):
        deposits.discard(draft)
    deposits.discard(draft)
    deposits.discard(draft)
    assert zenodo.drafts == []


def test_a_file_is_read_in_blocks_and_can_be_wound_back(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(range(200)) * 1000)
    with (tmp_path / "a").open("rb") as stream:
        bar = Bar()
        sent = Sent(stream, 200_000, bar)
        assert len(sent) == 200_000 and sent.tell() == 0
        first = sent.read(1000)
        sent.seek(0)
        assert first == sent.read(1000)
        assert b"".join(sent) == (tmp_path / "a").read_bytes()[1000:]
        assert sum(bar.moves) == pytest.approx(0.2) and max(bar.moves) <= 0.07


def test_the_journal_outlives_the_process_and_keeps_hosts_apart(tmp_path: Path) -> None:
    def entry(host: str, **more: object) -> Entry:
        return Entry(host=host, weights="w", digest="d", **{"state": "creating", **more})

    journal = Journal(tmp_path / "run" / "journal.json")
    real = journal.note(None, entry("https://zenodo.org"))
    journal.note(None, entry("https://sandbox.zenodo.org", state="published", id=3))
    journal.note(real, real.model_copy(update={"state": "draft", "id": 7}))
    again = Journal(journal.path)
    assert [(one.state, one.id) for one in again.entries] == [("draft", 7), ("published", 3)]
    assert again.unfinished("https://zenodo.org", None) == again.entries[0]
    assert again.unfinished("https://zenodo.org", 6) is again.unfinished("https://sandbox.zenodo.org", None) is None
    assert again.published("https://zenodo.org", weights="w") == []
    again.forget(again.entries[0])
    assert len(Journal(journal.path).entries) == 1


@pytest.mark.parametrize("text", ["{", "[1]", '[{"host": "x"}]', '{"a": 1}'])
def test_a_damaged_journal_is_not_passed_over(tmp_path: Path, text: str) -> None:
    (tmp_path / "journal.json").write_text(text)
    with pytest.raises(InputError, match="publications of the run are noted"):
        Journal(tmp_path / "journal.json")


def test_the_digest_of_a_folder_depends_on_names_and_contents(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "a")
    assert write_files(tmp_path / "b").digest == folder.digest
    assert write_files(tmp_path / "c", **{"README.md": "other"}).digest != folder.digest
    (tmp_path / "b" / "README.md").rename(tmp_path / "b" / "README.txt")
    assert write_files(tmp_path / "b").digest != folder.digest
