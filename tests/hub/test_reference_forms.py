"""Model references: every form means one thing, and what is no reference is told so without asking the network."""

from __future__ import annotations

from pathlib import Path

import pytest

from separate_cli.errors import InputError
from separate_cli.hub.aliases import known_aliases
from separate_cli.hub.reference_forms import (
    HuggingFaceFile,
    LocalFile,
    WebFile,
    ZenodoFile,
    bundled,
    closest_names,
    parse,
)

SHA = "ab" * 32


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("zenodo:3862942", ZenodoFile(3862942)),
        (" Zenodo:3862942/model.pth ", ZenodoFile(3862942, "model.pth")),
        ("zenodo-sandbox:12", ZenodoFile(12, sandbox=True)),
        ("10.5281/zenodo.3862942", ZenodoFile(3862942)),
        ("doi:10.5281/zenodo.3862942/model.pth", ZenodoFile(3862942, "model.pth")),
        ("DOI:10.5281/ZENODO.3862942", ZenodoFile(3862942)),
        ("10.5072/zenodo.7", ZenodoFile(7, sandbox=True)),
        ("https://doi.org/10.5281/zenodo.3862942", ZenodoFile(3862942)),
        ("https://zenodo.org/records/3862942", ZenodoFile(3862942)),
        ("https://zenodo.org/record/3862942/files/model.pth?download=1", ZenodoFile(3862942, "model.pth")),
        ("https://www.zenodo.org/api/records/1/files/a%20b.pth/content", ZenodoFile(1, "a b.pth")),
        ("https://sandbox.zenodo.org/records/5#x", ZenodoFile(5, sandbox=True)),
        ("hf:user/repo", HuggingFaceFile("user/repo")),
        ("hf:user/repo@v1.0", HuggingFaceFile("user/repo", "v1.0")),
        ("hf:user/repo/sub/best.ckpt@main", HuggingFaceFile("user/repo", "main", "sub/best.ckpt")),
        ("user/repo", HuggingFaceFile("user/repo")),
        ("user/repo.v2@refs/pr/1", HuggingFaceFile("user/repo.v2", "refs/pr/1")),
        ("https://huggingface.co/user/repo", HuggingFaceFile("user/repo")),
        ("https://huggingface.co/user/repo/tree/v1", HuggingFaceFile("user/repo", "v1")),
        ("https://hf.co/user/repo/resolve/refs%2Fpr%2F1/a/b.bin", HuggingFaceFile("user/repo", "refs/pr/1", "a/b.bin")),
        ("https://host.org/model.pth?x=1#top", WebFile("https://host.org/model.pth?x=1")),
        (f"http://host.org/m.pth#sha256={SHA.upper()}", WebFile("http://host.org/m.pth", SHA)),
        ("https://huggingface.co/datasets/user/repo", WebFile("https://huggingface.co/datasets/user/repo")),
    ],
)
def test_each_form_means_one_thing(text: str, meaning: object) -> None:
    assert parse(text) == meaning


def test_all_names_of_the_table_mean_their_record_or_repository() -> None:
    rows = known_aliases()
    assert len([row for row in rows if row.zenodo is not None]) == 14
    for row in rows:
        meant = parse(row.name.upper())
        if row.zenodo is None:
            assert meant == HuggingFaceFile(row.name)
        else:
            assert meant == ZenodoFile(row.zenodo, row.file)


def test_the_rates_that_asteroids_table_has_wrong_are_right() -> None:
    rates = {row.zenodo: row.sample_rate for row in known_aliases()}
    assert (rates[4704231], rates[7128659], rates[3994193], rates[3862942]) == (44100, 44100, 16000, 8000)


def test_bundled_names_win_over_paths_and_paths_over_public_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "user" / "repo").mkdir(parents=True)
    (tmp_path / "demask").mkdir()
    assert parse("user/repo") == LocalFile(Path("user/repo"))
    assert parse("DeMask") == LocalFile(bundled()["demask"])


@pytest.mark.parametrize(
    "text",
    [
        "", "demsk", "folder/model.pth", "a/b/c", "./a", "file:///etc/passwd", "ftp://host/a.pth", "zenodo:",
        "zenodo:../1", "zenodo:1e9", "doi:10.1000/182", "hf:repo", "hf:user/../etc", "hf:", "~nobody-here/x", "a\0b",
        "x" * 5000, "https://", "https://me:secret@host.org/a.pth", "https://host.org/a#sha256=123", "user/re po",
        "-user/repo",
    ],
)  # fmt: skip
def test_what_is_no_reference_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(InputError) as error:
        parse(text)
    assert error.value.hint
    assert "secret" not in error.value.message + error.value.hint


@pytest.mark.parametrize(
    ("typo", "meant"),
    [
        ("demsk", "demask"),
        ("mpariente/ConvTasNet_WHAM_sepclaen", "mpariente/ConvTasNet_WHAM_sepclean"),
        ("ConvTasNet_LibriMix_sep_noise", "Cosentino/ConvTasNet_LibriMix_sep_noisy"),
        ("joriscos/vadnet", "JorisCos/VAD_Net"),
    ],
)
def test_typos_are_answered_with_close_names(typo: str, meant: str) -> None:
    assert meant in closest_names(typo)
