"""Access tokens of the hubs: where they come from, and that nobody gets to see them.

    environment --> keyring (if installed) --> what `hf auth login` stored --> a hidden question --> Token

A token is never an argument, never written, never part of a message; ``repr(Token)`` does not show it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module

from separate_cli.errors import UsageError

__all__ = ["HUGGING_FACE", "SANDBOX", "ZENODO", "Service", "Token", "find_token"]


@dataclass(frozen=True)
class Service:
    """A hub that asks for a token.

    Args:
        name: What people call it; its name in the keyring, too.
        variables: Environment variables that may hold the token, the first that is set counts.
        page: Where to get one.
        permission: What it has to allow.
    """

    name: str
    variables: tuple[str, ...]
    page: str
    permission: str


ZENODO = Service(
    "zenodo.org",
    ("SEP_ZENODO_TOKEN", "ZENODO_TOKEN"),
    "https://zenodo.org/account/settings/applications/tokens/new/",
    "deposit:write and deposit:actions",
)
SANDBOX = Service(
    "sandbox.zenodo.org",
    ("ZENODO_SANDBOX_TOKEN", "SEP_ZENODO_TOKEN"),
    "https://sandbox.zenodo.org/account/settings/applications/tokens/new/",
    "deposit:write and deposit:actions",
)
HUGGING_FACE = Service(
    "huggingface.co", ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"), "https://huggingface.co/settings/tokens", "write access"
)


@dataclass(frozen=True)
class Token:
    """A secret and where it was found."""

    value: str = field(repr=False)
    source: str


def find_token(service: Service, *, ask: Callable[[str], str] | None = None) -> Token:
    """The user's token for a hub.

    Args:
        service: Which hub.
        ask: Asks a person for a secret, given the question; None where there is nobody to ask.

    Raises:
        UsageError: If there is none, or what was found cannot be one.
    """
    for variable in service.variables:
        if os.environ.get(variable, "").strip():
            return _checked(os.environ[variable], variable)
    for source, found in (("the keyring", _in_keyring(service)), ("hf auth login", _logged_in(service))):
        if found:
            return _checked(found, source)
    answer = ask(f"Access token of {service.name} (not shown)") if ask else ""
    if answer.strip():
        return _checked(answer, "the answer")
    raise UsageError(
        f"There is no access token for {service.name}.",
        hint=f"Get one that allows {service.permission} at {service.page} and set {service.variables[-1]}.",
    )


def _checked(text: str, source: str) -> Token:
    """Refuse what no token is before it gets into a header, whose error message would show it."""
    value = text.strip()
    if not re.fullmatch(r"[\x21-\x7e]{1,500}", value):
        raise UsageError(
            f"What {source} holds is no access token: it has spaces, line breaks or other odd characters.",
            hint="Copy the token again, without quotes.",
        )
    return Token(value, source)


def _in_keyring(service: Service) -> str | None:
    try:
        found = import_module("keyring").get_password("sep", service.name)
    except Exception:  # no keyring installed, none running, locked: all the same to us
        return None
    return found if isinstance(found, str) else None


def _logged_in(service: Service) -> str | None:
    if service is not HUGGING_FACE:
        return None
    from huggingface_hub import get_token

    return get_token()
