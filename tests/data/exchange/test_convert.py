"""The form of a list is told from what is there; every form gives the same mixtures."""

from __future__ import annotations

from pathlib import Path

import pytest

from separate_cli.data.corpus import Corpus
from separate_cli.data.exchange.convert import FORMS, Form, read_any, write_as
from separate_cli.data.mixtures import Mixture
from separate_cli.errors import InputError

from .conftest import absolute

OnDisk = tuple[Corpus, list[Mixture]]


@pytest.mark.parametrize("form", [form for form in FORMS if form != "shards"])
def test_each_form_is_recognised(on_disk: OnDisk, tmp_path: Path, form: Form) -> None:
    corpus, rows = on_disk
    rows = [absolute(corpus, row) for row in rows]
    target = tmp_path / "out.jsonl" if form == "lhotse" else tmp_path / "out"
    write_as(form, rows, corpus, target)
    found = {row.id: (row.part, row.sample_rate, row.frames, row.signals) for row in read_any(target)}
    assert found == {row.id: (row.part, row.sample_rate, row.frames, row.signals) for row in rows}


def test_a_prepared_folder_has_facts_and_can_be_read(on_disk: OnDisk, tmp_path: Path) -> None:
    corpus, rows = on_disk
    write_as("sep", [absolute(corpus, row) for row in rows], corpus, tmp_path / "mine")
    there = Corpus(tmp_path / "mine", {})
    assert there.facts()["mixtures"]["mine"]["parts"]["train"]["mixtures"] == 2
    assert there.signal(there.mixtures("test")[0], "mix_both").any()


def test_a_list_of_mixtures_by_itself_is_recognised(on_disk: OnDisk) -> None:
    corpus, rows = on_disk
    assert len(read_any(corpus.folder / "mixtures.jsonl")) == len(rows)


def test_what_is_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text("hello", encoding="utf-8")
    for source in (tmp_path, tmp_path / "x.jsonl", tmp_path / "none"):
        with pytest.raises(InputError):
            read_any(source)
