"""What a failure of ``huggingface_hub`` means for the user, and whether trying again may help.

Its errors come from one of three HTTP libraries, by its version, and wrapped in others where files are uploaded.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from json import JSONDecodeError

from separate_cli.errors import RefusedError, RemoteError, SepError, UsageError

__all__ = ["explain", "is_passing"]

_TRY_AGAIN = frozenset({408, 429, 500, 502, 503, 504})
_MEANINGS: dict[int, tuple[type[SepError], str, str]] = {
    401: (RefusedError, "Hugging Face does not know the access token.", "Get a new one, and set HF_TOKEN."),
    403: (
        RefusedError,
        "The access token may not write to {repo}.",
        "Use a token with write access, and a repository of yours or of your organisation.",
    ),
}


def explain(error: Exception, repo: str) -> SepError | None:
    """What a failure means for the user; None if it is a fault of ours."""
    from huggingface_hub.errors import HFValidationError

    if isinstance(error, SepError):
        return error
    if isinstance(error, HFValidationError):
        return UsageError(f"{repo!r} cannot be the name of a repository: {error}", hint="Expected: user/name")
    status = _status(error)
    if status is None and not is_passing(error):
        return None
    if status is None:
        return RemoteError("Cannot reach Hugging Face: the connection failed.", hint="Run the same command again.")
    kind, message, hint = _MEANINGS.get(
        status, (RemoteError, f"Hugging Face answers {status} for {{repo}}.", "Run the same command again later.")
    )
    return kind(message.format(repo=repo), hint=hint)


def is_passing(error: Exception) -> bool:
    """Whether trying again may help."""
    if isinstance(error, SepError):
        return isinstance(error, RemoteError)
    status = _status(error)
    if status is not None:
        return status in _TRY_AGAIN or (status == 400 and isinstance(error, RuntimeError))  # an upload arrived damaged
    return any(isinstance(one, _line_errors()) for one in _chain(error))


def _status(error: Exception) -> int | None:
    """The status of the answer behind an error, however it is wrapped."""
    for one in _chain(error):
        status = getattr(getattr(one, "response", None), "status_code", None)
        if isinstance(status, int):
            return status
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _line_errors() -> tuple[type[BaseException], ...]:
    """What this ``huggingface_hub`` raises when a line breaks, or a gateway answers with a page instead of JSON."""
    found: list[type[BaseException]] = [ConnectionError, TimeoutError, JSONDecodeError]
    for module, name in (("httpx2", "TransportError"), ("httpx", "TransportError"), ("requests", "RequestException")):
        if module in sys.modules:
            found.append(getattr(sys.modules[module], name))
    return tuple(found)
