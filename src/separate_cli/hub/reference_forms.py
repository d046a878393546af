"""What a model reference means, decided from its text and the local disk alone; nothing is fetched here.

    demask                                       bundled with the package
    path/to/model.pth | exp/demask/train/KEY     a checkpoint file | a run folder: its best model
    mpariente/ConvTasNet_WHAM!_sepclean          a published model of Asteroid (aliases.toml)
    zenodo:3862942 | zenodo:3862942/model.pth    a record on Zenodo | one file of it
    10.5281/zenodo.3862942 | doi:...             the same by DOI; that of all versions means the newest
    user/repo | hf:user/repo@v1                  a repository on Hugging Face | at a branch, tag or commit
    https://host/model.pth#sha256=...            a file on the web; addresses of the hubs are understood too

``hub.references`` makes a local, checked file of it.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from separate_cli.errors import InputError
from separate_cli.hub.aliases import alias_called, known_aliases
from separate_cli.hub.model_files import MODEL_SUFFIXES
from separate_cli.net.addresses import shown
from separate_cli.settings import hugging_face_url, zenodo_url

__all__ = ["HuggingFaceFile", "LocalFile", "Reference", "WebFile", "ZenodoFile", "bundled", "closest_names", "parse"]

_BUNDLED = Path(__file__).parent / "bundled"
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
_DOI = re.compile(r"(?P<prefix>10\.(?:5281|5072))/zenodo\.(?P<record>\d{1,12})(?:/(?P<file>.+))?", re.IGNORECASE)
_RECORD = re.compile(r"(?P<record>\d{1,12})(?:/(?P<file>.+))?")
_RECORD_PAGE = re.compile(r"/(?:api/)?records?/(?P<record>\d+)(?:/files/(?P<file>.+?)(?:/content)?)?/?")
_REVISION_PAGE = {"resolve", "blob", "raw", "tree"}


@dataclass(frozen=True)
class LocalFile:
    """A file or folder on this computer."""

    path: Path


@dataclass(frozen=True)
class ZenodoFile:
    """A record on Zenodo, or one file of it.

    Attributes:
        record: Number of one version, or of all versions together: then the newest is meant.
        file: Its name in the record; None for the only model in it.
        sandbox: Whether the sandbox for trials is meant.
    """

    record: int
    file: str | None = None
    sandbox: bool = False

    def __str__(self) -> str:
        return f"{'zenodo-sandbox' if self.sandbox else 'zenodo'}:{self.record}{f'/{self.file}' if self.file else ''}"


@dataclass(frozen=True)
class HuggingFaceFile:
    """A repository on Hugging Face, or one file of it.

    Attributes:
        repo: ``user/name``.
        revision: Branch, tag or commit; None for the main branch.
        file: Its path in the repository; None for the only model in it.
    """

    repo: str
    revision: str | None = None
    file: str | None = None

    def __str__(self) -> str:
        return f"hf:{self.repo}{f'/{self.file}' if self.file else ''}{f'@{self.revision}' if self.revision else ''}"


@dataclass(frozen=True)
class WebFile:
    """A file at an address; ``sha256`` is what it must be, if the user says so."""

    url: str
    sha256: str | None = None

    def __str__(self) -> str:
        return self.url


Reference = LocalFile | ZenodoFile | HuggingFaceFile | WebFile


def bundled() -> dict[str, Path]:
    """Names and files of the models that come with the package."""
    return {path.stem: path for path in sorted(_BUNDLED.glob("*.safetensors"))}


def parse(reference: str) -> Reference:
    """Decide what ``reference`` means. A bundled name wins over a local path, a local path over a public name.

    Raises:
        InputError: If it has none of the forms, or looks like a path and nothing is there.

    >>> parse("doi:10.5281/zenodo.3862942")
    ZenodoFile(record=3862942, file=None, sandbox=False)
    >>> str(parse("https://huggingface.co/JorisCos/VAD_Net/resolve/v1.0/pytorch_model.bin"))
    'hf:JorisCos/VAD_Net/pytorch_model.bin@v1.0'
    """
    text = reference.strip()
    for meant in (_explicit, _local, _public):
        found = meant(text)
        if found is not None:
            return found
    close = closest_names(text) or list(bundled())
    raise InputError(
        f"There is no model {text!r}: neither a name that is known nor a file.",
        hint=f"Close: {', '.join(close)}. A file, a run folder, zenodo:NUMBER, user/repo and a URL work too.",
    )


def _explicit(text: str) -> Reference | None:
    """What begins with a scheme."""
    scheme, _, rest = text.partition(":")
    match scheme.casefold():
        case "zenodo" | "zenodo-sandbox":
            return _record(rest, text, sandbox=scheme.casefold() != "zenodo")
        case "doi":
            return _doi(rest.strip("/"), text)
        case "hf":
            return _hugging_face(rest, text)
        case "http" | "https":
            return _web(text)
    return None


def _local(text: str) -> LocalFile | None:
    known = bundled().get(text.casefold())
    if known is not None:
        return LocalFile(known)
    try:
        path = Path(text).expanduser()
        return LocalFile(path) if text and path.exists() else None
    except (OSError, ValueError, RuntimeError):  # too long, a zero byte, an unknown user's home
        return None


def _public(text: str) -> Reference | None:
    """A name of the table, a DOI, or a repository; what ends like a checkpoint is a path, and not there."""
    alias = alias_called(text)
    if alias is not None:
        return HuggingFaceFile(alias.name) if alias.zenodo is None else ZenodoFile(alias.zenodo, alias.file)
    if _DOI.fullmatch(text):
        return _doi(text, text)
    bare, _, revision = text.partition("@")
    if _REPOSITORY.fullmatch(bare) and Path(bare).suffix.casefold() not in MODEL_SUFFIXES:
        return HuggingFaceFile(bare, revision or None)
    return None


def closest_names(reference: str, *, count: int = 3) -> list[str]:
    """Bundled and published names that are close to ``reference``, also where only the part after ``/`` is."""
    names = [*bundled(), *(row.name for row in known_aliases())]
    keys = {key: name for name in reversed(names) for key in (name.casefold(), name.casefold().rpartition("/")[2])}
    found = difflib.get_close_matches(reference.casefold(), keys, n=2 * count, cutoff=0.5)
    return list(dict.fromkeys(keys[key] for key in found))[:count]


_FORMS = "Forms: NAME, FILE, zenodo:NUMBER[/FILE], 10.5281/zenodo.NUMBER, user/repo[@REVISION], hf:user/repo, URL."


def _malformed(text: str, expected: str) -> InputError:
    return InputError(f"{text!r} is not a model reference: expected {expected}.", hint=_FORMS)


def _record(rest: str, text: str, *, sandbox: bool = False) -> Reference:
    found = _RECORD.fullmatch(rest.strip())
    if found is None:
        raise _malformed(text, "zenodo:NUMBER or zenodo:NUMBER/FILE")
    return ZenodoFile(int(found["record"]), found["file"], sandbox)


def _doi(rest: str, text: str) -> Reference:
    found = _DOI.fullmatch(rest)
    if found is None:
        raise _malformed(text, "a DOI of Zenodo, such as 10.5281/zenodo.3862942")
    return ZenodoFile(int(found["record"]), found["file"], sandbox=found["prefix"] == "10.5072")


def _hugging_face(rest: str, text: str) -> Reference:
    path, _, revision = rest.strip().partition("@")
    parts = path.split("/", 2)
    repo = "/".join(parts[:2])
    if not _REPOSITORY.fullmatch(repo):
        raise _malformed(text, "hf:USER/REPOSITORY, if you like with /FILE and @REVISION")
    return HuggingFaceFile(repo, revision or None, parts[2] if len(parts) > 2 and parts[2] else None)


def _web(text: str) -> Reference:
    """An address: of a record, a DOI or a repository if it is one of the hubs', else of the file itself."""
    address = urlsplit(text)
    hosts = {
        urlsplit(zenodo_url()).netloc: _zenodo_page,
        "zenodo.org": _zenodo_page,
        "sandbox.zenodo.org": _zenodo_page,
        "doi.org": lambda host, path: _doi(path.strip("/"), text),
        "dx.doi.org": lambda host, path: _doi(path.strip("/"), text),
        urlsplit(hugging_face_url()).netloc: _repository_page,
        "huggingface.co": _repository_page,
        "hf.co": _repository_page,
    }
    host = address.netloc.casefold().removeprefix("www.")
    understood = hosts[host](host, address.path) if host in hosts else None
    if understood is not None:
        return understood
    if not address.hostname or "@" in address.netloc:
        raise _malformed(shown(text), "the address of a file, without user name and password")
    key, _, digest = address.fragment.partition("=")
    if key.casefold() == "sha256" and not re.fullmatch(r"[0-9a-fA-F]{64}", digest):
        raise _malformed(shown(text), "64 hexadecimal digits after #sha256=")
    sha256 = digest.casefold() if key.casefold() == "sha256" else None
    return WebFile(address._replace(fragment="").geturl(), sha256)


def _zenodo_page(host: str, path: str) -> ZenodoFile | None:
    found = _RECORD_PAGE.fullmatch(path)
    if found is None:
        return None
    file = found["file"]
    return ZenodoFile(int(found["record"]), unquote(file) if file else None, sandbox=host == "sandbox.zenodo.org")


def _repository_page(_host: str, path: str) -> HuggingFaceFile | None:
    user, _, rest = path.strip("/").partition("/")
    name, _, rest = rest.partition("/")
    if not _REPOSITORY.fullmatch(f"{user}/{name}") or user in {"api", "datasets", "spaces"}:
        return None
    page, _, rest = rest.partition("/")
    if page not in _REVISION_PAGE or not rest:
        return HuggingFaceFile(f"{user}/{name}")
    revision, _, file = rest.partition("/")
    return HuggingFaceFile(f"{user}/{name}", unquote(revision), unquote(file) or None)
