"""Access tokens: found where people keep them, and never shown."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from separate_cli.errors import UsageError
from separate_cli.hub.tokens import HUGGING_FACE, SANDBOX, ZENODO, Service, Token, find_token


@pytest.fixture(autouse=True)
def _no_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    for service in (ZENODO, SANDBOX, HUGGING_FACE):
        for variable in service.variables:
            monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", "nowhere")
    monkeypatch.setitem(sys.modules, "keyring", None)


@pytest.mark.parametrize(
    ("service", "variable"),
    [
        (ZENODO, "ZENODO_TOKEN"),
        (ZENODO, "SEP_ZENODO_TOKEN"),
        (SANDBOX, "ZENODO_SANDBOX_TOKEN"),
        (SANDBOX, "SEP_ZENODO_TOKEN"),
        (HUGGING_FACE, "HF_TOKEN"),
    ],
)
def test_a_token_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch, service: Service, variable: str) -> None:
    monkeypatch.setenv(variable, " abc-123\n")
    assert find_token(service) == Token("abc-123", variable)


def test_a_token_of_zenodo_is_never_used_for_the_sandbox_nor_the_other_way_round(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ZENODO_TOKEN", "real")
    with pytest.raises(UsageError):
        find_token(SANDBOX)
    monkeypatch.delenv("ZENODO_TOKEN")
    monkeypatch.setenv("ZENODO_SANDBOX_TOKEN", "trial")
    with pytest.raises(UsageError):
        find_token(ZENODO)


def test_a_token_comes_from_the_keyring_if_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {("sep", "zenodo.org"): "from-keyring"}
    keyring = SimpleNamespace(get_password=lambda service, name: kept.get((service, name)))
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    assert find_token(ZENODO) == Token("from-keyring", "the keyring")
    with pytest.raises(UsageError):
        find_token(SANDBOX)


def test_a_keyring_that_is_locked_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_: str) -> str:
        raise RuntimeError("locked")

    monkeypatch.setitem(sys.modules, "keyring", SimpleNamespace(get_password=locked))
    assert find_token(ZENODO, ask=lambda question: "typed") == Token("typed", "the answer")


def test_hugging_face_knows_who_has_logged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub, "get_token", lambda: "hf_stored")
    assert find_token(HUGGING_FACE) == Token("hf_stored", "hf auth login")


def test_a_person_is_asked_last(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return " typed "

    assert find_token(ZENODO, ask=ask) == Token("typed", "the answer")
    assert asked == ["Access token of zenodo.org (not shown)"]
    monkeypatch.setenv("ZENODO_TOKEN", "set")
    find_token(ZENODO, ask=ask)
    assert len(asked) == 1


@pytest.mark.parametrize("service", [ZENODO, SANDBOX, HUGGING_FACE])
def test_without_a_token_the_hint_says_where_to_get_one(service: Service) -> None:
    with pytest.raises(UsageError, match=f"no access token for {service.name}") as caught:
        find_token(service, ask=lambda question: "")
    assert service.page in caught.value.hint and service.variables[-1] in caught.value.hint


@pytest.mark.parametrize("odd", ["two words", "line\nbreak", "ümlaut", "x" * 501, "nul\x00"])
def test_what_cannot_be_a_token_is_refused_without_showing_it(odd: str) -> None:
    with pytest.raises(UsageError, match="no access token") as caught:
        find_token(ZENODO, ask=lambda question: odd)
    assert odd not in caught.value.message + caught.value.hint


def test_a_token_does_not_show_itself() -> None:
    token = Token("secret", "the answer")
    assert "secret" not in f"{token!r} {token} {[token]}"
