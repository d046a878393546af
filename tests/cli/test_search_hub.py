"""``sep search-hub`` as users meet it: a table that fits 80 columns, JSON, exit codes; harmless whatever is served."""

from __future__ import annotations

import io
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from servers.hugging_face import HuggingFace
from servers.published import ASTEROID_CARD, asteroid_description
from servers.serving import Reply, Server
from servers.zenodo import Zenodo

LONG = "JorisCos/DPRNNTasNet-ks2_Libri1Mix_enhsingle_16k"


@pytest.fixture
def both(zenodo: Zenodo, hugging_face: HuggingFace) -> tuple[Zenodo, HuggingFace]:
    zenodo.add(
        "mpariente/ConvTasNet_WHAM!_sepclean",
        {"model.pth": b"x"},
        number=3862942,
        description=asteroid_description(si_sdr=16.21),
        license="cc-by-sa-3.0",
    )
    hugging_face.add(LONG, {"README.md": ASTEROID_CARD.format(name=LONG, si_sdr=10.6).encode()})
    return zenodo, hugging_face


def test_a_pipe_gets_one_line_a_model(sep, both: tuple[Zenodo, HuggingFace]) -> None:
    found = sep("search-hub")
    assert found.code == 0
    assert found.stdout.splitlines() == [
        "model\ttask\tkHz\tscore\tuse",
        "mpariente/ConvTasNet_WHAM!_sepclean\tsep_clean\t8\t16.2 SI-SDRi\tnc",
        f"{LONG}\tenh_single\t16\t12.6 SI-SDRi\tnc",
    ]
    assert "2 of 2 models" in found.stderr
    assert "sep infer 'mpariente/ConvTasNet_WHAM!_sepclean'" in found.stderr


def test_a_terminal_of_80_columns_shows_all(
    sep, both: tuple[Zenodo, HuggingFace], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    from separate_cli.report.console import Console

    zenodo, _ = both
    zenodo.add("jane/ConvTasNet with a title that is longer than any terminal is wide, by far", {"a.pth": b"x"})
    shown = Terminal()
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("sys.stdout", shown)
    from separate_cli.cli import search_hub
    from separate_cli.hub.searching import read_wanted, search_for

    wanted = read_wanted()
    found = search_for(wanted)
    monkeypatch.setattr("separate_cli.report.console.out", Console())
    search_hub._show(found.models, found.considered, wanted)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", shown.getvalue()).splitlines()
    assert lines
    assert max(map(len, lines)) <= 80
    for text in ("enh_single", "12.6 SI-SDRi", "sep_clean"):
        assert any(text in line for line in lines)
    assert LONG in "".join(re.split(r"[│┃]", line)[1].strip() for line in lines if "│" in line)


def test_json_has_all_that_is_known(sep, both: tuple[Zenodo, HuggingFace]) -> None:
    document = sep("search-hub", "--dataset", "wham", "--min-score", "si_sdr>=16", "--json").document
    (model,) = document["result"]["models"]
    assert (document["status"], document["result"]["considered"]) == ("done", 2)
    assert (model["reference"], model["scores"]["stoi"], model["commercial"]) == (
        "mpariente/ConvTasNet_WHAM!_sepclean",
        0.96,
        False,
    )


def test_a_missing_hub_is_a_warning_and_exit_code_1(
    sep, both: tuple[Zenodo, HuggingFace], pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEP_ZENODO_URL", "http://127.0.0.1:9")
    found = sep("search-hub")
    assert found.code == 1
    assert LONG in found.stdout
    assert "warning: Zenodo cannot be asked" in found.stderr
    document = sep("search-hub", "--json").document
    assert (document["status"], len(document["result"]["models"]), len(document["warnings"])) == ("partial", 1, 1)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert sep("search-hub").code == 4


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--min-score", "si_sdr"], "--min-score: expected METRIC>=NUMBER"),
        (["--sample-rate", "fast"], "--sample-rate"),
        (["--speakers", "0"], "--speakers"),
    ],
)
def test_wrong_filters_are_two_lines_and_exit_code_2(sep, arguments: list[str], says: str) -> None:
    found = sep("search-hub", *arguments)
    assert (found.code, found.stdout) == (2, "")
    assert says in found.stderr
    assert len(found.stderr.splitlines()) == 2


def test_nothing_that_fits_is_said(sep, both: tuple[Zenodo, HuggingFace]) -> None:
    found = sep("search-hub", "no such model")
    assert (found.code, found.stdout) == (0, "")
    assert "None of 2 models fits" in found.stderr


ESCAPES = "\x1b]0;owned\x07\x1b[2J\u202e<img src=x onerror=alert(1)>\r\nhelpful"


def test_what_hostile_records_say_cannot_write_to_the_terminal(sep, zenodo: Zenodo, hugging_face: HuggingFace) -> None:
    zenodo.add(ESCAPES, {"model.pth": b"x"}, keywords=[ESCAPES], description=ESCAPES, creators=[{"name": ESCAPES}])
    hostile = f"---\ntags: [asteroid, {ESCAPES!r}]\nlicense: {ESCAPES!r}\n---\n{ESCAPES}\nsi_sdr: 1e400\n"
    hugging_face.add("jane/m", {"README.md": hostile.encode()})
    for mode in ([], ["--json"], ["--verbose"]):
        found = sep("search-hub", *mode)
        assert found.code == 0
        shown = (found.stdout + found.stderr).replace("\n", "").replace("\t", "")
        assert "helpful" in shown
        assert shown.isprintable()


def test_a_card_of_ten_gigabytes_is_left_where_it_is(
    sep, zenodo: Zenodo, hugging_face: HuggingFace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sparse file of that size behind the address of the card: a quarter of a megabyte of it is read."""
    huge = tmp_path / "README.md"
    with huge.open("wb") as stream:
        stream.write(b"---\ntags: [asteroid]\n---\nsi_sdr_imp: 3\n")
        stream.truncate(10 * 10**9)
    hugging_face.add("jane/m", {"README.md": b"---\ntags: [asteroid]\n---\n"})
    commit = hugging_face.head("jane/m").oid
    with Server({"/huge": huge}) as elsewhere:
        hugging_face.redirect(f"/jane/m/resolve/{commit}/README.md", f"{elsewhere.url}/huge")
        found = sep("search-hub", "--json").document["result"]["models"]
        assert elsewhere.sent < 50 << 20
    assert [one["scores"] for one in found] == [{"si_sdr_imp": 3.0}]


def test_a_record_of_many_megabytes_costs_only_itself(
    sep, zenodo: Zenodo, hugging_face: HuggingFace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        zenodo.add(f"jane/m{number}", {"model.pth": b"x"}, description="x" * (9 << 20 if number == 1 else 9))
    models = sep("search-hub", "--json", "--sort", "name").document["result"]["models"]
    assert [one["title"] for one in models] == ["jane/m0", "jane/m2"]


def test_ctrl_c_is_heard_while_no_hub_answers(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        places = {"SEP_ZENODO_URL": address, "HF_ENDPOINT": address, "SEP_CACHE": str(tmp_path), "HF_TOKEN": "hf_x"}
        command = [sys.executable, "-c", "from separate_cli.cli.app import main; main()", "search-hub"]
        asking = subprocess.Popen(command, env={**os.environ, **places}, stderr=subprocess.PIPE, text=True)
        talks = [silent.accept()[0] for _ in range(2)]
        asking.send_signal(signal.SIGINT)
        _, said = asking.communicate(timeout=20)
        for talk in talks:
            talk.close()
    assert asking.returncode == 130
    assert said.startswith("error: Interrupted.")


def test_an_answer_that_is_no_json_is_a_missing_hub(
    sep, hugging_face: HuggingFace, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server() as server:
        page = b"<html>You are being blocked. Please contact us.</html>"
        server.on("GET", "/api/.*", lambda request, match: Reply(200, page, {"Content-Type": "text/html"}))
        monkeypatch.setenv("SEP_ZENODO_URL", server.url)
        found = sep("search-hub")
    assert found.code == 1
    assert "does not answer in JSON" in found.stderr
