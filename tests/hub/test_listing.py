"""What a search shows of a model: read from cards as they really are, and harmless to show."""

from __future__ import annotations

import json
from typing import Any

import pytest

from separate_cli.hub.card_facts import metric_key, read_card
from separate_cli.hub.listing import Listing, headline, listing_from_hugging_face, listing_from_zenodo
from separate_cli.hub.plain_text import clean, text_of_html
from servers.published import ASTEROID_CARD, asteroid_description


def record(**metadata: Any) -> dict[str, Any]:
    return {
        "id": 3862942,
        "metadata": {
            "title": "mpariente/ConvTasNet_WHAM!_sepclean",
            "description": asteroid_description(si_sdr=16.21),
            "creators": [{"name": "Manuel Pariente", "affiliation": "Unknown"}],
            "keywords": ["Asteroid", "audio source separation", "WHAM!", "sep_clean", "ConvTasNet", "pretrained model"],
            "publication_date": "2020-05-28",
            "license": {"id": "cc-by-sa-3.0"},
            **metadata,
        },
        "links": {"self_html": "https://zenodo.org/records/3862942"},
        "stats": {"version_downloads": 10},
    }


def test_a_record_of_asteroid_says_all_about_itself() -> None:
    assert listing_from_zenodo(record()) == Listing(
        reference="mpariente/ConvTasNet_WHAM!_sepclean",
        hub="zenodo",
        title="mpariente/ConvTasNet_WHAM!_sepclean",
        url="https://zenodo.org/records/3862942",
        architecture="ConvTasNet",
        task="sep_clean",
        datasets=("WHAM!",),
        sample_rate=8000,
        speakers=2,
        licence="cc-by-sa-3.0",
        commercial=False,
        scores={"si_sdr": 16.21, "si_sdr_imp": 16.21, "stoi": 0.96},
        author="Manuel Pariente",
        updated="2020-05-28",
        downloads=10,
    )


def test_a_record_that_is_in_no_table_says_as_much() -> None:
    document = {**record(title="jane/DPRNNTasNet_Own_enhsingle", keywords=["Own", "enh_single"]), "id": 7}
    document["metadata"]["description"] = asteroid_description(si_sdr=1, restricted=False).replace("sep_clean", "x")
    found = listing_from_zenodo(document)
    assert (found.reference, found.architecture, found.datasets) == ("zenodo:7", "DPRNNTasNet", ("Own",))
    assert (found.commercial, found.task) == (True, "x")


def test_a_repository_of_asteroid_is_read_from_its_card() -> None:
    name = "JorisCos/ConvTasNet_Libri2Mix_sepnoisy_16k"
    document = {
        "id": name,
        "author": "JorisCos",
        "tags": [
            "asteroid",
            "pytorch",
            "audio",
            "ConvTasNet",
            "audio-to-audio",
            "dataset:Libri2Mix",
            "dataset:sep_noisy",
            "license:cc-by-sa-4.0",
            "region:us",
        ],
        "lastModified": "2021-09-23T15:48:54.000Z",
        "downloads": 457,
    }
    card = ASTEROID_CARD.format(name=name, si_sdr=10.6)
    found = listing_from_hugging_face(document, url=f"https://huggingface.co/{name}", card=card)
    assert found.scores == {"si_sdr": 10.6, "si_sdr_imp": 12.55, "sdr": 11.2, "stoi": 0.87}
    assert (found.task, found.datasets, found.sample_rate, found.speakers) == ("sep_noisy", ("Libri2Mix",), 16000, 2)
    assert (found.licence, found.commercial, found.updated) == ("cc-by-sa-4.0", False, "2021-09-23")
    assert headline(found) == ("si_sdr_imp", 12.55)


def test_a_model_index_wins_over_the_text_of_the_card() -> None:
    metrics = [{"type": "si_sdr_imp", "value": 11.5}, {"type": "x", "name": "STOI", "value": 0.9}, {"type": "sdr"}]
    front = {"model-index": [{"name": "m", "results": [{"metrics": metrics}]}], "license": "cc-by-4.0"}
    found = listing_from_hugging_face({"id": "jane/m", "cardData": front}, url="", card="si_sdr_imp: 1\nsir: 3")
    assert found.scores == {"si_sdr_imp": 11.5, "stoi": 0.9, "sir": 3.0}
    assert found.licence == "cc-by-4.0"


def test_a_repository_named_like_a_record_is_asked_for_by_its_hub() -> None:
    assert listing_from_hugging_face({"id": "mhu-coder/ConvTasNet_Libri1Mix_enhsingle"}, url="").reference == (
        "hf:mhu-coder/ConvTasNet_Libri1Mix_enhsingle"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("si_sdr: 10.617130949793383", {"si_sdr": 10.617130949793383}),
        ("'si_sdr_imp': 15.243034178473609,", {"si_sdr_imp": 15.243034178473609}),
        ("sdr' 9.3", {"sdr": 9.3}),
        ("| SI-SDRi | 15.2 dB | [15.0, 15.4] |", {"si_sdr_imp": 15.2}),
        ("SI-SDR improvement | -1e-1", {"si_sdr_imp": -0.1}),
        ("- **STOI**: .93", {"stoi": 0.93}),
        ("sir: Infinity\nsir_imp: NaN\nstoi: 1e999", {}),
        ("lr: 0.001\nbatch_size: 24\nversion 1.2\nsdr 2021-09-23", {}),
        ("si_sdr: 1\nsi_sdr: 2", {"si_sdr": 1.0}),
    ],
)
def test_scores_are_read_line_by_line(text: str, expected: dict[str, float]) -> None:
    assert read_card(text).scores == expected


def test_metrics_have_one_spelling() -> None:
    assert [metric_key(name) for name in ("SDRi", "PESQ", "si-snr imp", "sari", "loss", "")] == [
        "sdr_imp", "pesq", "si_snr_imp", "sar_imp", "", "",
    ]  # fmt: skip


HOSTILE = "\x1b]0;owned\x07\x1b[2J<script>alert(1)</script>\u202e\u200b\r\nConvTasNet\x9b31m" + "x" * 10_000


def test_whatever_strangers_write_a_listing_is_one_visible_line_each() -> None:
    about = dict.fromkeys(("title", "description", "publication_date"), HOSTILE)
    zenodo = listing_from_zenodo(
        {**record(**about, keywords=[HOSTILE, 1, None, {}], creators=[{"name": HOSTILE}, 3], license={"id": HOSTILE})}
        | {"links": {"self_html": HOSTILE}, "stats": [HOSTILE]}
    )
    hugging_face = listing_from_hugging_face(
        {
            "id": f"jane/{HOSTILE}",
            "tags": [HOSTILE, 5],
            "author": HOSTILE,
            "lastModified": HOSTILE,
            "cardData": HOSTILE,
        },
        url="https://huggingface.co/jane/x",
        card=HOSTILE,
    )
    for found in (zenodo, hugging_face):
        text = json.dumps(found.model_dump(), ensure_ascii=False)
        assert text.isprintable()
        assert "\u202e" not in text
        assert len(text) < 3000


@pytest.mark.parametrize("odd", [None, [], 3, "text", [[1]], {"a": 1}])
def test_odd_shapes_of_answers_do_no_harm(odd: Any) -> None:
    metadata = dict.fromkeys(("title", "description", "keywords", "creators", "license", "publication_date"), odd)
    assert listing_from_zenodo({"id": 1, "metadata": metadata, "links": odd, "stats": odd}).reference == "zenodo:1"
    document = dict.fromkeys(("tags", "cardData", "model-index", "downloads", "author", "lastModified"), odd)
    assert listing_from_hugging_face({"id": "a/b", **document}, url="").reference == "a/b"


def test_markup_becomes_text() -> None:
    assert text_of_html("<table><tr><th>metric<th>mean</tr><tr><td>stoi</td><td>0.9</td></tr></table>a &lt;b&gt;") == (
        "metric | mean\nstoi | 0.9\na <b>"
    )
    assert text_of_html("<style>p {}</style><p>a<br/>b<!-- c --></p><p") == "a\nb\n<p"


def test_cleaning_is_idempotent_and_bounded() -> None:
    once = clean(HOSTILE)
    assert clean(once) == once
    assert len(once) <= 200
    assert clean("naïve 名前 €") == "naïve 名前 €"
