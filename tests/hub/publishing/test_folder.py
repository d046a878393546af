"""The publishable folder: complete, honest, the same each time, and without anything that is nobody's business."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import soundfile
import torch
import yaml
from huggingface_hub import ModelCard

from separate_cli.errors import InputError, RefusedError, UsageError
from separate_cli.hub import Dataset, load_model, read_header
from separate_cli.hub.card_facts import read_card
from separate_cli.hub.checkpoint import Weights
from separate_cli.hub.plain_text import text_of_html
from separate_cli.hub.publishing.card import card, citation
from separate_cli.hub.publishing.description import zenodo_metadata
from separate_cli.hub.publishing.evaluated import EvaluatedRun, find_evaluation, with_model
from separate_cli.hub.publishing.facts import Creator, Facts, gather, read_creator
from separate_cli.hub.publishing.folder import check_folder, write_folder
from separate_cli.hub.publishing.publishable import ABOUT, CARD, MODEL, PublishableFolder
from servers.zenodo_records import LICENCES, TAGS

JANE = Creator("Doe, Jane", "Some Lab", "0000-0002-1825-0097")


@pytest.fixture
def run(evaluated_workspace: Path) -> EvaluatedRun:
    return with_model(find_evaluation(evaluated_workspace), evaluated_workspace)


@pytest.fixture
def facts(run: EvaluatedRun) -> Facts:
    return gather(run, title="tiny_demask", creators=[JANE], recipe="tiny")


@pytest.fixture
def folder(facts: Facts, tmp_path: Path) -> PublishableFolder:
    return write_folder(facts, tmp_path / "out", reference="jane/tiny")


@pytest.fixture
def with_datasets(run: EvaluatedRun, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Facts]:
    """Facts about a model that was trained on other data sets."""

    def make(*licences: str, licence: str = "") -> Facts:
        from separate_cli.hub.publishing import facts as module

        read = module.read_weights
        sets = tuple(Dataset(name=f"set{i}", licence=one, author="A. U. Thor") for i, one in enumerate(licences))

        def patched(path: Path) -> Weights:
            weights = read(path)
            return Weights(weights.header.model_copy(update={"datasets": sets}), weights.tensors)

        monkeypatch.setattr(module, "read_weights", patched)
        return gather(run, title="", creators=[JANE], licence=licence)

    return make


def front_matter(folder: PublishableFolder) -> dict[str, Any]:
    return yaml.safe_load((folder.path / CARD).read_text().split("---\n")[1])


def test_the_folder_holds_weights_card_metadata_and_samples_under_flat_names(folder: PublishableFolder) -> None:
    check_folder(folder)
    names = [one.name for one in folder.files]
    assert {MODEL, CARD, ABOUT} < set(names)
    samples = [name for name in names if name.startswith("sample-")]
    assert len(samples) == 6 and all(soundfile.info(folder.path / name).samplerate == 16000 for name in samples)
    assert all(re.fullmatch(r"[\w.-]+", name) for name in names)


def test_the_weights_are_those_that_were_scored(run: EvaluatedRun, folder: PublishableFolder) -> None:
    scored, published = load_model(run.model).model, load_model(folder.path / MODEL).model
    for (name, before), (_, after) in zip(scored.state_dict().items(), published.state_dict().items(), strict=True):
        assert torch.equal(before, after), name


def test_the_header_is_completed(run: EvaluatedRun, folder: PublishableFolder) -> None:
    header = read_header(folder.path / MODEL)
    assert (header.title, header.licence) == ("tiny_demask", "CC BY 4.0")
    assert header.parents["trained"] == run.evaluation.scores["model"]
    assert header.metrics["eval_set_sha256"] == run.evaluation.set_digest
    score = header.metrics["conditions"]["dry"]["si_sdr_imp"]
    assert score == run.evaluation.scores["conditions"]["dry"]["si_sdr_imp"]
    assert score["low"] <= score["mean"] <= score["high"] and score["count"] == 2
    assert {"train", "eval", "name"} <= header.recipe.keys() and header.recipe["name"] == "tiny"
    assert {"torch", "python", "separate_cli"} <= header.software.keys()


def test_the_same_run_gives_the_same_bytes(facts: Facts, folder: PublishableFolder, tmp_path: Path) -> None:
    again = write_folder(facts, tmp_path / "again", reference="jane/tiny")
    assert again.digest == folder.digest
    (tmp_path / "again" / "sample-99.wav").write_bytes(b"old")
    assert write_folder(facts, tmp_path / "again", reference="jane/tiny").digest == folder.digest


def test_the_front_matter_is_what_hugging_face_reads(facts: Facts, folder: PublishableFolder) -> None:
    data = ModelCard.load(folder.path / CARD).data
    assert (data.library_name, data.license, data.pipeline_tag) == ("separate-cli", "cc-by-4.0", "audio-to-audio")
    assert {"separate-cli", "DeMask", "speech-enhancement"} <= set(data.tags)
    assert data.datasets == ["librispeech"]
    found = {one.metric_type: one for one in data.eval_results}
    assert found["si_sdr_imp"].metric_value == pytest.approx(facts.scores()[1].mean, abs=1e-4)
    assert found["si_sdr_imp"].dataset_revision == facts.evaluation.set_digest
    assert list(found)[:2] == ["si_sdr", "si_sdr_imp"]


def test_card_and_description_say_the_same_to_those_who_search(facts: Facts, folder: PublishableFolder) -> None:
    description = zenodo_metadata(facts, digest="ab", reference="zenodo:7")["description"]
    for text in ((folder.path / CARD).read_text(), text_of_html(description)):
        read = read_card(text)
        assert (read.sample_rate, read.speakers, read.task) == (16000, 1, "demask")
        assert read.scores["si_sdr_imp"] == pytest.approx(facts.scores()[1].mean, rel=1e-3)
        assert read.restricted_data is False


def test_the_card_tells_how_to_use_what_it_was_made_of_and_how_good_it_is(folder: PublishableFolder) -> None:
    text = (folder.path / CARD).read_text()
    for part in (
        "sep infer jane/tiny recording.wav",
        "DeMask.from_pretrained('jane/tiny')",
        "| librispeech | train | CC BY 4.0 |",
        "librispeech (CC BY 4.0) asks that its authors be named.",
        "95 % bootstrap interval",
        "@misc{doe_tiny_demask,",
        "(sample-00-dry-N95-mixture.wav)",
        "SHA-256 of the evaluation set",
        "| torch |",
    ):
        assert part in text


def test_the_description_uses_only_the_html_that_zenodo_keeps(facts: Facts) -> None:
    metadata = zenodo_metadata(facts, digest="ab12", reference="zenodo:7", communities=["asteroid-models"])
    assert set(re.findall(r"</?(\w+)", metadata["description"])) <= TAGS
    assert "<code>sep infer zenodo:7 recording.wav</code>" in metadata["description"]
    assert (metadata["license"], metadata["communities"]) == ("cc-by-4.0", [{"identifier": "asteroid-models"}])
    assert metadata["creators"] == [{"name": "Doe, Jane", "affiliation": "Some Lab", "orcid": "0000-0002-1825-0097"}]
    assert metadata["notes"] == "Content: sha256:ab12"


def test_names_cannot_smuggle_markup_in(facts: Facts) -> None:
    object.__setattr__(facts, "creators", (Creator('<script src="x">, |Eve'),))
    page = zenodo_metadata(facts, digest="ab", reference="")["description"]
    assert "<script" not in page and "&lt;script" in page


def test_nothing_tells_where_on_this_computer_it_was_made(
    folder: PublishableFolder, evaluated_workspace: Path, speech_folder: Path, tmp_path: Path
) -> None:
    for one in folder.files:
        content = one.path.read_bytes()
        for place in (evaluated_workspace, speech_folder, tmp_path, Path.home()):
            assert str(place).encode() not in content, (one.name, place)


def test_each_licence_that_can_come_out_is_one_that_zenodo_knows(with_datasets: Callable[..., Facts]) -> None:
    for text, expected, on_hf in (
        ("CC0", "CC-BY-4.0", "cc-by-4.0"),
        ("CC BY-SA 3.0", "CC-BY-SA-4.0", "cc-by-sa-4.0"),
        ("CC BY-SA 1.0", "CC-BY-SA-1.0", "other"),
        ("CC BY-NC 3.0", "CC-BY-NC-4.0", "cc-by-nc-4.0"),
        ("LDC", "LicenseRef-Research-Only", "other"),
    ):
        facts = with_datasets(text)
        assert facts.derived.licence.id == expected
        assert zenodo_metadata(facts, digest="ab", reference="")["license"] in LICENCES
        data = yaml.safe_load(card(facts, reference="x", samples=[]).split("---\n")[1])
        assert data["license"] == on_hf and ("license_name" in data) == (on_hf == "other")


def test_audio_of_data_that_may_not_be_passed_on_stays_here(
    with_datasets: Callable[..., Facts], tmp_path: Path
) -> None:
    free = write_folder(with_datasets("CC BY-NC 4.0"), tmp_path / "free", reference="x")
    closed = write_folder(with_datasets("CC BY 4.0", "LDC"), tmp_path / "closed", reference="x")
    assert [one.name for one in closed.files] == [CARD, MODEL, ABOUT]
    assert len(free.files) > 3
    assert "## Samples" not in (closed.path / CARD).read_text()
    assert "(research only)" in (closed.path / CARD).read_text()


def test_data_sets_that_contradict_each_other_are_refused_before_anything_is_written(
    with_datasets: Callable[..., Facts],
) -> None:
    with pytest.raises(RefusedError, match="No licence fits all data sets"):
        with_datasets("CC BY-SA 4.0", "CC BY-NC 4.0")
    with pytest.raises(RefusedError, match=r"cannot carry CC BY 4\.0"):
        with_datasets("CC BY-NC 4.0", licence="CC BY 4.0")
    assert with_datasets("CC BY 4.0", licence="MIT").header.licence == "MIT"


@pytest.mark.parametrize(
    ("break_it", "fault"),
    [
        (lambda path: (path / CARD).unlink(), "README.md is missing"),
        (
            lambda path: (path / CARD).write_text("# no front matter\n"),
            "README.md is not the file that publication.json",
        ),
        (lambda path: (path / MODEL).write_bytes(b""), "model.safetensors is empty"),
        (lambda path: (path / "sample-x.wav").write_bytes(b"noise"), "sample-x.wav is not the file"),
        (lambda path: (path / "odd name?.txt").write_text("x"), "'odd name?.txt' is no plain name"),
    ],
)
def test_a_folder_that_is_not_what_it_should_be_is_not_published(
    folder: PublishableFolder, break_it: Callable[[Path], object], fault: str
) -> None:
    from separate_cli.hub.publishing.publishable import read_folder

    break_it(folder.path)
    with pytest.raises(InputError, match="cannot be published") as caught:
        check_folder(read_folder(folder.path))
    assert fault in caught.value.message


def test_metadata_for_programs_lists_every_other_file(folder: PublishableFolder) -> None:
    about = json.loads((folder.path / ABOUT).read_text())
    assert about["files"].keys() == {one.name for one in folder.files} - {ABOUT}
    assert about["licence"]["id"] == "CC-BY-4.0" and about["model"]["sources"] == 1
    assert {one["name"] for one in about["scores"]} == {"si_sdr", "si_sdr_imp", "lsd", "lsd_imp"}


@pytest.mark.parametrize("text", ["", "Doe (Lab", "<b>Jane</b>", "Doe\nEve", "Doe [12]"])
def test_an_author_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="names no author"):
        read_creator(text)


def test_the_citation_escapes_what_latex_would_misread(facts: Facts) -> None:
    assert "tiny\\_demask" in citation(facts)
